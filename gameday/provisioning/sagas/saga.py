"""What the shapes share: running a step, remembering its result, and where the saga is."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from gameday.provisioning.contract import STEPS, Order, Patience, step_input


class Saga:
    """One order being carried out. `results` holds the steps that are done, here or in an earlier run."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.results: dict[str, str] = dict(order.carried)
        self.at = ""
        """The step that runs, or ran last."""
        self.asking = ""
        """The step a person is asked about; empty: nobody is asked."""
        self.error = ""
        if order.resume_from and (order.resumable or order.shape == "resume_from"):
            self._resume()

    @property
    def deployment(self) -> str:
        return self.results.get("reserve_deployment", "")

    def _resume(self) -> None:
        assert self.order.resume_from is not None
        self.results |= self.order.resume_from.results

    def check_resume(self) -> None:
        """Raises ApplicationError, which ends the run, when `resume_from` contradicts itself."""
        resume = self.order.resume_from
        if resume is None:
            return
        unknown = sorted({resume.step, *resume.results} - set(STEPS))
        if unknown:
            raise ApplicationError(f"resume_from: no step {', '.join(unknown)}", type="BadInput", non_retryable=True)
        if resume.step in resume.results:
            raise ApplicationError(f"resume_from: {resume.step} is done", type="BadInput", non_retryable=True)

    async def step(self, name: str) -> str:
        """Its result; not run again where it is known. Raises ActivityError."""
        if name not in self.results:
            self.at = name
            self.results[name] = await run_step(self.order, name, self.deployment)
        return self.results[name]


async def run_step(order: Order, name: str, deployment: str, region: str = "") -> str:
    """Raises ActivityError when patience is at its end."""
    patience = order.patience
    beat = patience.heartbeat_s if name == "create_database" else None
    result: str = await workflow.execute_activity(
        name,
        step_input(order, name, deployment, region),
        result_type=str,
        start_to_close_timeout=timedelta(seconds=patience.attempt_s),
        schedule_to_close_timeout=timedelta(seconds=patience.total_s),
        heartbeat_timeout=timedelta(seconds=beat) if beat else None,
        retry_policy=patience.policy,
        summary=f"{name} • {order.customer}{f' • {region}' if region else ''}",
    )
    return result


async def undo_step(order: Order, name: str, deployment: str) -> None:
    """Takes a step back; tried twice as long as a step. Raises ActivityError."""
    patience = Patience(attempts=order.patience.attempts * 2, first_wait_s=order.patience.first_wait_s)
    await workflow.execute_activity(
        name,
        step_input(order, name, deployment),
        start_to_close_timeout=timedelta(seconds=order.patience.attempt_s),
        retry_policy=patience.policy,
        summary=f"{name} • {order.customer}",
    )

"""What `incidents doctor` says about the mail server: it is greeted and left again, and no mail is sent."""

from cli.doctor import Line, Verdict
from integrations.errors import IntegrationError, Refused
from integrations.mail import Mailer
from integrations.settings import MailSettings

WHAT = "mail"
AWAY = "see INCIDENTS_MAIL__HOST, __PORT and __TLS (and __CA_PATH), and that it can be reached from here"
NO = "see INCIDENTS_MAIL__USER and __PASSWORD, and that __TLS is what it offers"


async def examine_mail(settings: MailSettings) -> Line:
    """One line. Bad: it cannot be reached, its certificate or its TLS is not good, or it does not let us in."""
    if not settings.host:
        do = "set INCIDENTS_MAIL__HOST, for pages by mail and for customers"
        return Line(what=WHAT, verdict=Verdict.UNKNOWN, seen="is not set: no mail is sent", do=do)
    if not settings.sender:
        return Line(what=WHAT, verdict=Verdict.BAD, seen="there is no sender", do="set INCIDENTS_MAIL__SENDER")
    mailer = Mailer(settings)
    try:
        await mailer.greet()
    except IntegrationError as error:
        do = NO if isinstance(error, Refused) else AWAY
        return Line(what=WHAT, verdict=Verdict.BAD, seen=f"{settings.host}: {error}", do=do)
    login = f"lets {settings.user} in" if settings.user else "asks for no login"
    tls = "without TLS" if settings.tls == "none" else f"by {settings.tls}"
    seen = f"{settings.host}:{mailer.port} {login} {tls} (no mail was sent)"
    return Line(what=WHAT, verdict=Verdict.OK, seen=seen)

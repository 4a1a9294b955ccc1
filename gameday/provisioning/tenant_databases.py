"""Tenant databases: a real PostgreSQL role and database each, where PostgreSQL is installed; else played."""

import asyncio
from typing import Any

import psycopg
from psycopg import sql

from gameday.provisioning.gate import NotPrepared
from gameday.world.database import MASTER, Postgres


class TenantDatabases:
    """`server` None: the databases are only played."""

    def __init__(self, server: Postgres | None = None) -> None:
        self._server = server
        self._one_at_a_time = asyncio.Lock()

    @property
    def words(self) -> str:
        return self._server.words if self._server else "played"

    async def start(self, names: list[str]) -> None:
        """A throw-away cluster, with the tenants of before in it: after a kill it is a new one. Raises
        DatabaseFailed."""
        if self._server is None:
            return
        await self._server.create(())
        for name in names:
            await self.create(name)

    async def stop(self) -> None:
        if self._server:
            await self._server.remove()

    async def create(self, name: str) -> None:
        """Role and database; what is there already stays. Raises NotPrepared."""
        if self._server is None:
            return
        try:
            async with self._one_at_a_time, await self._master() as db:
                await self._create(db, name)
        except psycopg.Error as error:
            raise NotPrepared(f"PostgreSQL: {str(error).strip().splitlines()[-1]}") from None

    async def drop(self, name: str) -> None:
        """Raises NotPrepared."""
        if self._server is None:
            return
        try:
            async with self._one_at_a_time, await self._master() as db:
                await db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                await db.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise NotPrepared(f"PostgreSQL: {str(error).strip().splitlines()[-1]}") from None

    async def answers(self, name: str) -> bool:
        """Whether the tenant can log in."""
        if self._server is None:
            return True
        address = self._server.address(name, name).rsplit("/", 1)[0] + f"/{name}"
        try:
            async with await psycopg.AsyncConnection.connect(address, connect_timeout=3) as db:
                await db.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    async def _create(self, db: psycopg.AsyncConnection[Any], name: str) -> None:
        role = await db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        if await role.fetchone() is None:
            login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(name))
            await db.execute(login)
        database = await db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if await database.fetchone() is None:
            owned = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name))
            await db.execute(owned)

    async def _master(self) -> psycopg.AsyncConnection[Any]:
        assert self._server is not None
        address = self._server.address(MASTER).rsplit("/", 1)[0] + "/postgres"
        return await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5)

"""Le seul ``env.py`` : les briques n'apportent que des révisions, tout le reste passe par les attributs."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.operations import ops

from ent_core.donnees.base import Base
from ent_core.donnees.garde_migrations import Garde

_attributs = context.config.attributes
_tables: frozenset[str] = _attributs["tables"]
_garde: Garde | None = _attributs.get("garde")


def _inclure(nom: str | None, genre: str, parents: object) -> bool:
    """Ne compare que les tables de la distribution : jamais celles d'une autre."""
    return genre != "table" or nom in _tables


def _sans_declaration(_contexte: Any, _revision: Any, directives: list[Any]) -> None:
    """Une révision ne recopie pas les déclarations : elles vivent dans le code, pas dans l'histoire."""
    for script in directives:
        for operation in script.upgrade_ops.ops:
            if isinstance(operation, ops.CreateTableOp):
                operation.info.clear()


context.configure(
    connection=_attributs["connexion"],
    target_metadata=Base.metadata,
    version_table=_attributs["table_de_version"],
    include_name=_inclure,
    on_version_apply=_garde.apres_revision if _garde else None,
    compare_server_default=True,
    process_revision_directives=_sans_declaration,
)
# Une seule transaction par distribution : la garde, en refusant, défait tout.
with context.begin_transaction():
    if _garde:
        _garde.commencer()
    context.run_migrations()
    if _garde:
        _garde.finir()

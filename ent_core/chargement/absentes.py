"""Les briques absentes : installées hier, plus chargées aujourd'hui, leurs lignes sont encore là.

Le noyau garde leurs dernières déclarations (``brique_connue``) : il continue de dater leurs lignes, de les
planifier, de les éliminer, et de les remettre à qui demande ses données.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.modeles import BriqueConnue
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.donnees.session import BaseDeDonnees
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import DeclarationBrique, Registre
from ent_core.vie_privee.relecture import relire

__all__ = ["absentes", "comptees", "dire_les_absentes", "registre_complet", "regles_completes"]


def absentes(session: Session, chargement: Chargement) -> list[DeclarationBrique]:
    """Ce que déclaraient les briques qui ne sont plus chargées, sur leurs tables encore là.

    :param session: session de l'académie.
    :param chargement: briques chargées.
    """
    chargees = [brique.id for brique in chargement.briques]
    connues = select(BriqueConnue.id, BriqueConnue.registre).where(BriqueConnue.id.not_in(chargees))
    formes: dict[str, dict[str, Any]] = {nom: forme for nom, forme in session.execute(connues)}
    if not formes:
        return []
    noyau = chargement.brique("noyau")
    du_noyau = noyau.tables if noyau else ()
    return [d for d in relire(session.connection(), formes, du_noyau) if d.tables]


def registre_complet(session: Session, chargement: Chargement) -> Registre:
    """Registre des briques chargées et de celles qui ne le sont plus : toute donnée que la base garde.

    :param session: session de l'académie.
    :param chargement: briques chargées.
    """
    chargees = [brique.declaration() for brique in chargement.briques]
    return Registre.reunir([*chargees, *absentes(session, chargement)])


def regles_completes(session: Session, chargement: Chargement) -> Regles:
    """Règles de conservation de tout ce que la base garde.

    :param session: session de l'académie.
    :param chargement: briques chargées.
    """
    return Regles.du(registre_complet(session, chargement), comptees(chargement))


def comptees(chargement: Chargement) -> dict[str, str]:
    """Tables que compte une statistique, et la colonne qui en date les faits.

    :param chargement: briques chargées ; celles qui ne le sont plus ne comptent rien.
    """
    return {s.table: s.jour for brique in chargement.briques for s in brique.statistiques}


def dire_les_absentes(base: BaseDeDonnees, chargement: Chargement) -> list[Anomalie]:
    """Un avertissement par brique absente : ses lignes sont là, et le noyau répond d'elles.

    :param base: base de l'application, migrée.
    :param chargement: briques chargées.
    """
    with base.academie("vérification : briques absentes") as session:
        declarations = absentes(session, chargement)
    return [
        Anomalie(
            "BASE-012",
            f"brique {d.brique}",
            "elle n'est plus chargée ; le noyau applique ses dernières déclarations à"
            f" {len(d.tables)} table(s) encore là",
            "la remettre dans [briques] chargees, ou laisser le noyau éliminer ce qui échoit",
            Niveau.AVERTISSEMENT,
        )
        for d in declarations
    ]

"""Un comptage retenu : ce qui a été cherché, le nombre, et l'empreinte de la liste ; jamais la liste."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.violations.atteintes import Atteinte, PersonneTouchee, Recherche, compter, lister
from ent_core.vie_privee.violations.etapes import etapes, exiger_ouverte, inscrire, poser
from ent_core.vie_privee.violations.modeles import Violation

__all__ = ["compter_et_retenir", "derniere_recherche", "lire_la_liste"]


def compter_et_retenir(
    session: Session, horloge: Horloge, violation: Violation, recherche: Recherche, cle: bytes,
    par: UUID | None,
) -> Atteinte:  # fmt: skip
    """Compte les personnes touchées, et porte le nombre à la fiche.

    :param session: session de l'académie.
    :param cle: clé des empreintes.
    :raises OperationRefusee: violation close.
    """
    exiger_ouverte(session, violation)
    trouve = compter(session, recherche, cle)
    nombres = {"personnes": trouve.personnes, "enregistrements": trouve.enregistrements or None}
    # Un comptage dit « au moins » : il n'abaisse pas ce que l'on estime déjà.
    poser(
        violation,
        {nom: max(nombre or 0, getattr(violation, nom) or 0) or None for nom, nombre in nombres.items()},
    )
    criteres = {**asdict(recherche), "journaux": sorted(recherche.journaux)}
    criteres["compte"] = str(recherche.compte) if recherche.compte else None
    inscrire(
        session, horloge, violation, "comptage", par,
        valeurs={
            **criteres, **nombres, "indeterminees": trouve.indeterminees, "empreinte": trouve.empreinte,
        },
    )  # fmt: skip
    return trouve


def derniere_recherche(session: Session, violation: Violation) -> tuple[Recherche, dict[str, Any]] | None:
    """Dernier comptage : ce qui était cherché, et ce qui a été retenu.

    :param violation: violation.
    """
    dites = [etape.valeurs for etape in etapes(session, violation) if etape.acte == "comptage"]
    if not dites:
        return None
    lu = dites[-1]
    recherche = Recherche(
        du=datetime.fromisoformat(lu["du"]), au=datetime.fromisoformat(lu["au"]), uai=lu["uai"],
        traitement=lu["traitement"], compte=UUID(lu["compte"]) if lu["compte"] else None,
        journaux=frozenset(lu["journaux"]),
    )  # fmt: skip
    return recherche, lu


def lire_la_liste(
    session: Session, horloge: Horloge, violation: Violation, recherche: Recherche, par: UUID, *,
    limite: int, page: int = 1,
) -> list[PersonneTouchee]:  # fmt: skip
    """Relit dans les traces qui prévenir ; cette lecture est elle-même au journal.

    :param session: session de l'académie.
    :param par: personne qui lit.
    """
    trouvees = lister(session, recherche, limite=limite, page=page)
    consigner(
        session, horloge, "violation.liste_lue", uai=violation.uai, acteur=par, objet=str(violation.id),
        details={"personnes": min(len(trouvees), limite), "page": page},
    )  # fmt: skip
    return trouvees

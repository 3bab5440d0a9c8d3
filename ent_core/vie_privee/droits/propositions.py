"""L'effacement décidé à deux : l'un relit et propose, l'autre relit à son tour et confirme.

Ce que l'on confirme est ce que l'on a lu : l'empreinte du verdict va avec la page, et tout changement depuis
(un gel posé, une opposition levée) rend la proposition caduque.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.droits.modeles import Demande, EffacementPropose
from ent_core.vie_privee.droits.verdict import Fondement, Verdict, examiner
from ent_core.vie_privee.publication.droits import Droit
from ent_core.vie_privee.registre import Registre

__all__ = [
    "DROITS",
    "a_confirmer",
    "clore",
    "derniere",
    "ecarter",
    "empreinte",
    "proposees",
    "proposer",
    "verdicts_de",
]

DROITS = (Droit.EFFACEMENT.name.lower(), Droit.RETRAIT.name.lower())
"""Demandes auxquelles un effacement répond."""

_PERIMEE = "relire ce qui serait effacé, puis l'écarter et le proposer de nouveau."


def empreinte(verdicts: Iterable[Verdict]) -> str:
    """Empreinte de ce qui part et de ce qui reste, et pourquoi ; le nombre de lignes n'y est pas.

    :param verdicts: verdict de chaque traitement.
    """
    # Une session ouverte entre deux lectures ajoute une ligne : elle ne change pas la décision.
    dits = sorted((v.traitement, v.efface, v.motif) for v in verdicts)
    return hashlib.sha256(json.dumps(dits, ensure_ascii=False).encode()).hexdigest()


def proposer(
    session: Session, horloge: Horloge, registre: Registre, demande: Demande, fondement: Fondement, *,
    relue: str, par: UUID, traitements: Collection[str] = (), partout: bool = False,
) -> EffacementPropose:  # fmt: skip
    """Propose un effacement ; rien n'est effacé.

    :param session: session de l'académie.
    :param demande: demande en cours, d'effacement ou de retrait d'un accord.
    :param relue: empreinte du verdict que la personne a lu.
    :param par: personne qui propose.
    :param traitements: ceux que la demande vise ; vide, tous.
    :param partout: toute l'académie, et non le seul établissement de la demande.
    :raises OperationRefusee: rien à effacer, verdict changé, demande close, ou proposition déjà ouverte.
    """
    session.refresh(demande, with_for_update=True)
    if demande.close_le is not None or demande.droit not in DROITS or demande.personne_id is None:
        raise OperationRefusee("cette demande n'appelle pas d'effacement.", remede="revenir à la demande.")
    if (ouverte := derniere(session, demande)) is not None and ouverte.clos_le is None:
        raise OperationRefusee(
            "un effacement est déjà proposé pour cette demande.", remede="le confirmer ou l'écarter."
        )
    verdicts = examiner(
        session, registre, demande.personne_id, fondement, traitements=traitements,
        uai=None if partout else demande.uai,
    )  # fmt: skip
    if not any(v.efface for v in verdicts):
        raise OperationRefusee(
            "rien ne peut être effacé sur ce fondement.", remede="refuser la demande, par une lettre motivée."
        )
    _exiger_relue(verdicts, relue)
    proposition = EffacementPropose(
        uai=demande.uai, demande_id=demande.id, fondement=fondement.value, traitements=sorted(traitements),
        partout=partout, empreinte=relue, etat="propose", propose_le=horloge.maintenant(), propose_par=par,
    )  # fmt: skip
    session.add(proposition)
    session.flush()
    _consigner(session, horloge, "effacement.propose", proposition, par)
    return proposition


def derniere(session: Session, demande: Demande) -> EffacementPropose | None:
    """Dernière proposition faite pour une demande, ouverte ou close.

    :param session: session de l'académie, ou de l'établissement.
    """
    return session.scalars(
        select(EffacementPropose)
        .where(EffacementPropose.uai == demande.uai, EffacementPropose.demande_id == demande.id)
        .order_by(EffacementPropose.clos_le.is_not(None), EffacementPropose.id.desc())
        .limit(1)
    ).one_or_none()


def proposees(session: Session, uai: str | None) -> list[tuple[EffacementPropose, Demande]]:
    """Propositions qui attendent une seconde personne, la plus ancienne d'abord.

    :param session: session de l'académie, ou de l'établissement.
    :param uai: établissement ; ``None``, tous.
    """
    enonce = (
        select(EffacementPropose, Demande)
        .join(Demande, (Demande.uai == EffacementPropose.uai) & (Demande.id == EffacementPropose.demande_id))
        .where(EffacementPropose.clos_le.is_(None))
        .order_by(EffacementPropose.id)
    )
    if uai is not None:
        enonce = enonce.where(EffacementPropose.uai == uai)
    return [(proposition, demande) for proposition, demande in session.execute(enonce)]


def verdicts_de(
    session: Session, registre: Registre, demande: Demande, proposition: EffacementPropose
) -> list[Verdict]:
    """Ce que l'effacement proposé ferait à présent.

    :param session: session de l'académie.
    """
    if demande.personne_id is None:
        return []
    return examiner(
        session, registre, demande.personne_id, Fondement(proposition.fondement),
        traitements=proposition.traitements, uai=None if proposition.partout else proposition.uai,
    )  # fmt: skip


def a_confirmer(
    session: Session, registre: Registre, uai: str, proposition_id: UUID, *, relue: str, par: UUID
) -> tuple[EffacementPropose, UUID]:
    """Proposition que cette personne peut confirmer, tenue sous verrou, et qui elle efface.

    :param session: session de l'académie, où l'effacement se fera.
    :param relue: empreinte du verdict que la seconde personne a lu.
    :param par: seconde personne.
    :raises Introuvable: elle n'existe pas ici.
    :raises OperationRefusee: close, proposée par la même personne, ou verdict changé depuis.
    """
    proposition = _ouverte(session, uai, proposition_id)
    if proposition.propose_par == par:
        raise OperationRefusee(
            "vous avez proposé cet effacement : une autre personne doit le confirmer.",
            remede="le demander au délégué à la protection des données, ou au chef d'établissement.",
        )
    demande = session.get_one(Demande, (uai, proposition.demande_id))
    if demande.personne_id is None:
        raise OperationRefusee("la personne n'est plus dans l'annuaire.", remede="écarter la proposition.")
    _exiger_relue(verdicts_de(session, registre, demande, proposition), relue)
    if relue != proposition.empreinte:
        raise OperationRefusee("ce qui serait effacé a changé depuis la proposition.", remede=_PERIMEE)
    return proposition, demande.personne_id


def clore(
    session: Session, horloge: Horloge, uai: str, proposition_id: UUID, *, par: UUID, effacement_id: UUID
) -> None:
    """Note qu'un effacement proposé est fait, dans sa transaction.

    :param par: personne qui l'a confirmé.
    :param effacement_id: inscription au livre.
    """
    # Relue : l'effacement vient peut-être de rendre la demande anonyme.
    proposition = session.get_one(EffacementPropose, (uai, proposition_id), populate_existing=True)
    proposition.etat, proposition.clos_le = "fait", horloge.aujourd_hui()
    proposition.clos_par, proposition.effacement_id = par, effacement_id
    _consigner(session, horloge, "effacement.confirme", proposition, par)


def ecarter(session: Session, horloge: Horloge, uai: str, proposition_id: UUID, *, par: UUID) -> None:
    """Écarte une proposition, ou la retire : rien n'est effacé.

    :param par: n'importe laquelle des deux personnes.
    :raises Introuvable: elle n'existe pas ici.
    :raises OperationRefusee: elle est close.
    """
    proposition = _ouverte(session, uai, proposition_id)
    proposition.etat, proposition.clos_le, proposition.clos_par = "ecarte", horloge.aujourd_hui(), par
    _consigner(session, horloge, "effacement.ecarte", proposition, par)


def _ouverte(session: Session, uai: str, proposition_id: UUID) -> EffacementPropose:
    trouvee = session.get(EffacementPropose, (uai, proposition_id), with_for_update=True)
    if trouvee is None:
        raise Introuvable("cet effacement n'est pas proposé ici.", remede="revenir à la liste.")
    if trouvee.clos_le is not None:
        raise OperationRefusee("cette proposition est close.", remede="rafraîchir la page.")
    return trouvee


def _exiger_relue(verdicts: list[Verdict], relue: str) -> None:
    if empreinte(verdicts) != relue:
        raise OperationRefusee("ce qui serait effacé a changé depuis votre lecture.", remede=_PERIMEE)


def _consigner(
    session: Session, horloge: Horloge, acte: str, proposition: EffacementPropose, par: UUID
) -> None:
    consigner(
        session, horloge, acte, uai=proposition.uai, acteur=par, objet=str(proposition.id),
        details={"fondement": proposition.fondement, "partout": proposition.partout},
    )  # fmt: skip

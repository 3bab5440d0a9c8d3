"""Écrire à une personne pour son compte : un avis de sécurité, un lien d'un seul usage.

Le courriel d'un lien ne nomme personne et ne dit pas le mot de passe. Il ne part qu'à une adresse que la
personne a prouvée, ou qu'elle est en train de prouver.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.messages import SujetDeMessage
from ent_core.donnees.file_taches import differer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.identite.liens_secrets import DUREE_LIEN, Usage, creer_lien, destinataire
from ent_core.identite.modeles import LienSecret
from ent_core.messages.demande import prevenir
from ent_core.messages.poste import Poste
from ent_core.messages.transports import Issue, ecrire

__all__ = [
    "AVIS",
    "TACHE_LIEN",
    "demander_un_lien",
    "envoyer_lien",
    "liens_possibles",
    "prevenir_de_la_securite",
]

AVIS = SujetDeMessage("noyau.securite", "La sécurité de votre compte", urgent=True)
"""Sujet des avis : il part aussi la nuit, car un vol n'attend pas."""

TACHE_LIEN = "noyau.envoyer_lien"

_CHEMINS = {Usage.SECRET: "/mot-de-passe", Usage.ADRESSE: "/adresse"}
_OBJETS = {
    Usage.SECRET: "Choisir un nouveau mot de passe",
    Usage.ADRESSE: "Confirmer votre adresse",
}
_DEBUTS = {
    Usage.SECRET: "Vous avez demandé à choisir un nouveau mot de passe.",
    Usage.ADRESSE: "Vous avez donné cette adresse pour retrouver votre compte sans le mot de passe.",
}


def liens_possibles(poste: Poste) -> bool:
    """Vrai si l'instance peut envoyer un lien : un serveur de courrier, et l'adresse publique de l'ENT.

    :param poste: poste de l'instance.
    """
    return bool(poste.courriel.hote and poste.courriel.adresse_ent)


def prevenir_de_la_securite(session: Session, personnes: Iterable[UUID], lien: str) -> int:
    """Prévient des personnes de ce qui touche leur compte, la nuit aussi.

    :param session: session de l'établissement par lequel on les joint.
    :param personnes: à prévenir.
    :param lien: page à ouvrir, depuis « / ».
    :returns: nombre de messages ; qui n'est rien dans l'établissement n'en a pas.
    """
    return prevenir(session, None, sujet=AVIS.cle, personnes=personnes, lien=lien)


def demander_un_lien(session: Session, usage: Usage, compte_id: UUID) -> None:
    """Demande l'envoi d'un lien ; le même travail part, que ce compte existe ou non.

    :param usage: ce que le lien permettra.
    :param compte_id: compte demandé, ou un identifiant tiré au hasard.
    """
    differer(session, TACHE_LIEN, usage=usage.value, compte=str(compte_id))


def envoyer_lien(base: BaseDeDonnees, poste: Poste, usage: str, compte: str) -> None:
    """Crée le lien et l'envoie ; sans destinataire, ne fait rien, et personne ne le sait.

    :param base: base de l'instance.
    :param poste: poste de l'instance.
    :param usage: ce que le lien permettra.
    :param compte: compte demandé.
    :raises PanneDuCanal: le service ne répond pas ; le travail sera refait, avec un autre lien.
    """
    voulu, compte_id = Usage(usage), UUID(compte)
    with base.academie("comptes : envoyer un lien") as session:
        trouve = _a_qui(session, voulu, compte_id)
        if trouve is None or not liens_possibles(poste):
            return
        personne_id, adresse = trouve
        jeton = creer_lien(session, poste.horloge, voulu, compte_id, personne_id, adresse)
    issue = ecrire(poste, adresse, f"{poste.produit} : {_OBJETS[voulu].lower()}", _corps(poste, voulu, jeton))
    with base.academie("comptes : envoyer un lien") as session:
        consigner(
            session, poste.horloge, "lien.envoye" if issue is Issue.PARTI else "lien.refuse",
            objet=compte, details={"usage": voulu.value},
        )  # fmt: skip


def _a_qui(session: Session, usage: Usage, compte_id: UUID) -> tuple[UUID, str] | None:
    if usage is Usage.SECRET:
        trouve = destinataire(session, compte_id)
        return (trouve.personne_id, trouve.adresse) if trouve else None
    ligne = session.execute(
        select(LienSecret.personne_id, LienSecret.adresse).where(
            LienSecret.compte_id == compte_id, LienSecret.usage == usage.value
        )
    ).one_or_none()
    return (ligne.personne_id, ligne.adresse) if ligne else None


def _corps(poste: Poste, usage: Usage, jeton: str) -> str:
    minutes = int(DUREE_LIEN.total_seconds() // 60)
    adresse = f"{poste.courriel.adresse_ent.rstrip('/')}{_CHEMINS[usage]}?jeton={jeton}"
    return (
        f"Bonjour,\n\n{_DEBUTS[usage]} Ce lien sert une seule fois, pendant {minutes} minutes :\n\n"
        f"{adresse}\n\n"
        "Ce n'était pas vous ? N'ouvrez pas ce lien : rien ne changera. Personne ne vous demandera jamais\n"
        "votre mot de passe, ni par courriel ni par téléphone.\n"
    )

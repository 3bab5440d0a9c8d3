"""Écrire à une personne pour son compte : un avis de sécurité, un lien d'un seul usage.

Le courriel d'un lien ne nomme personne et ne dit pas le mot de passe. Il ne part qu'à une adresse que la
personne a prouvée, ou qu'elle est en train de prouver.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.messages import SujetDeMessage
from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.file_taches import differer
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI, liste_liee
from ent_core.donnees.session import BaseDeDonnees, portage
from ent_core.identite.correspondants import dix_huit_ans_avant
from ent_core.identite.journal import consigner
from ent_core.identite.liens_secrets import DUREE_LIEN, Usage, creer_lien, destinataire
from ent_core.identite.modeles import LienSecret, Personne, Rattachement
from ent_core.messages.demande import prevenir, prevenir_familles
from ent_core.messages.poste import Poste, poste_de
from ent_core.messages.transports import Issue, ecrire

__all__ = [
    "ASSISTANCE",
    "AVIS",
    "AVIS_ENFANT",
    "SUJETS",
    "TACHE_LIEN",
    "demander_un_lien",
    "envoyer_lien",
    "liens_possibles",
    "prevenir_d_un_nouveau_code",
    "prevenir_d_une_visite",
    "prevenir_de_la_securite",
]

AVIS = SujetDeMessage("noyau.securite", "La sécurité de votre compte", urgent=True)
"""Sujet des avis : il part aussi la nuit, car un vol n'attend pas."""

AVIS_ENFANT = SujetDeMessage("noyau.compte_enfant", "Le compte de votre enfant", pour=(Role.RESPONSABLE,))
"""Sujet de ce qui touche le compte d'un élève mineur, pour ses responsables."""

ASSISTANCE = SujetDeMessage(
    "noyau.assistance", "Une visite de l'assistance", pour=(Role.RESPONSABLE, Role.DIRECTION)
)
"""Sujet d'une visite chez un élève mineur, pour ses responsables et le chef d'établissement."""

SUJETS = (AVIS, AVIS_ENFANT, ASSISTANCE)

TACHE_LIEN = "noyau.envoyer_lien"

_t = Rattachement
_MINEURS = (
    select(Personne.id)
    .join(_t, _t.personne_id == Personne.id)
    .where(
        Personne.id == liste_liee("personnes"),
        _t.uai == UAI,
        _t.profil == Profil.ELEVE.value,
        en_vigueur(_t, JOUR),
        or_(Personne.naissance.is_(None), Personne.naissance > bindparam("majeurs")),
    )
)
_CHEFS = select(_t.personne_id).where(
    _t.uai == UAI, _t.profil == Profil.DIRECTION.value, en_vigueur(_t, JOUR)
)

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


def prevenir_d_un_nouveau_code(session: Session, personnes: Iterable[UUID]) -> int:
    """Prévient les titulaires de comptes mis en sécurité, et les responsables de ceux qui sont mineurs.

    :param session: session de l'établissement par lequel on les joint.
    :param personnes: titulaires.
    :returns: nombre de messages.
    """
    tous = list(personnes)
    enfants = dict.fromkeys(_mineurs(session, tous), "/compte/enfants")
    directs = prevenir_de_la_securite(session, tous, "/compte/protection")
    return directs + prevenir_familles(session, None, sujet=AVIS_ENFANT.cle, liens=enfants)


def prevenir_d_une_visite(session: Session, personne: UUID) -> int:
    """Prévient la personne chez qui l'assistance entre ; mineure, ses responsables et le chef aussi.

    Le message ne dit ni chez qui, ni pourquoi : la page qu'il ouvre le dit à qui peut le lire.

    :param session: session de l'établissement vu.
    :param personne: personne chez qui l'assistance entre.
    :returns: nombre de messages.
    """
    page = "/compte/facteurs"
    nombre = prevenir_de_la_securite(session, [personne], page)
    if not _mineurs(session, [personne]):
        return nombre
    nombre += prevenir_familles(session, None, sujet=ASSISTANCE.cle, liens={personne: page})
    chefs = session.scalars(_CHEFS, {"uai": portage(session).uai, "jour": _jour(session)}).all()
    return nombre + prevenir(
        session, None, sujet=ASSISTANCE.cle, personnes=chefs, lien="/administration/journal?acte=visite"
    )


def _mineurs(session: Session, personnes: Iterable[UUID]) -> list[UUID]:
    """Les élèves mineurs parmi ces personnes ; sans date de naissance, un élève est tenu pour mineur."""
    jour = _jour(session)
    return list(
        session.scalars(_MINEURS, {"uai": portage(session).uai, "jour": jour, "personnes": list(personnes),
                                   "majeurs": dix_huit_ans_avant(jour)})
    )  # fmt: skip


def _jour(session: Session) -> date:
    return poste_de(session).horloge.aujourd_hui()


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

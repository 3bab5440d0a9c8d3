"""Les autres fiches d'une même personne : un seul fournisseur les a nommées, une seule entrée les ouvre.

Deux annuaires (premier et second degré, deux académies) donnent deux fiches à un même responsable. Les
fondre est un acte sans retour, qu'une connexion ne fait pas ; la session passe de l'une à l'autre, comme on
change d'établissement, et n'a jamais que les droits de la fiche en vigueur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from ent_core.donnees.session import changer_portage
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.identite.facteurs.politique import niveau_d_entree
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, LienIdentite, Personne, SessionFederee, SessionWeb
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse

__all__ = ["Fiche", "autres_fiches", "changer_de_fiche"]


@dataclass(frozen=True, slots=True)
class Fiche:
    """Une autre fiche de la personne, et les titres qu'elle donne.

    :param id: compte de cette fiche.
    """

    id: UUID
    personne_id: UUID
    contextes: Sequence[ContextePossible] = ()


def autres_fiches(session: Session, horloge: Horloge, session_id: UUID, personne: UUID) -> list[Fiche]:
    """Fiches ouvertes que le fournisseur de cette session a nommées, hors celle en vigueur.

    :param session: session de la requête ; son portage revient à ``personne``.
    :param session_id: session web.
    :param personne: personne en vigueur.
    """
    lien, origine = aliased(LienIdentite), SessionFederee
    lignes = session.execute(
        select(Compte.id, Compte.personne_id)
        .join(Personne, Personne.id == Compte.personne_id)
        .join(lien, lien.personne_id == Compte.personne_id)
        .join(origine, (origine.emetteur == lien.emetteur) & (origine.sujet == lien.sujet))
        .where(
            origine.session_id == session_id,
            Compte.personne_id != personne,
            Compte.etat != "suspendu",
            Personne.sursis_depuis.is_(None),
        )
        .order_by(Compte.id)
    ).all()
    fiches: list[Fiche] = []
    for ligne in lignes:
        # La base ne montre à quelqu'un que ses propres titres.
        changer_portage(session, personne=ligne.personne_id)
        titres = contextes_possibles(session, ligne.personne_id, horloge.aujourd_hui())
        fiches.append(Fiche(ligne.id, ligne.personne_id, tuple(titres)))
    if lignes:
        changer_portage(session, personne=personne)
    return fiches


def changer_de_fiche(
    session: Session, horloge: Horloge, session_id: UUID, actuelle: UUID, voulue: UUID
) -> None:
    """Fait passer la session à une autre fiche ; le titre se choisit ensuite.

    :param session: session de la requête.
    :param session_id: session web.
    :param actuelle: personne en vigueur.
    :param voulue: personne voulue.
    :raises AccesRefuse: cette fiche n'est pas nommée par le même fournisseur, ou demande une preuve de plus.
    """
    fiche = next(
        (f for f in autres_fiches(session, horloge, session_id, actuelle) if f.personne_id == voulue), None
    )
    if fiche is None:
        raise AccesRefuse(
            "cette fiche n'est pas la vôtre, ou ne l'est plus.", remede="choisir dans la liste proposée."
        )
    changer_portage(session, personne=voulue)
    exige = niveau_d_entree(session, horloge, (), fiche, fiche.contextes)
    niveau = session.scalar(select(SessionWeb.niveau).where(SessionWeb.id == session_id)) or 0
    if exige == 0 and niveau < 2:
        raise AccesRefuse(
            "cette fiche demande un second facteur.", remede="se déconnecter, puis entrer avec son compte."
        )
    session.execute(
        update(SessionWeb)
        .where(SessionWeb.id == session_id)
        .values(compte_id=fiche.id, personne_id=voulue, uai=None, profil=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SessionFederee)
        .where(SessionFederee.session_id == session_id)
        .values(personne_id=voulue)
        .execution_options(synchronize_session=False)
    )
    consigner(session, horloge, "identite.fiche_changee", acteur=voulue, objet=str(actuelle))

"""Le registre des briques vues : ce qui reste d'une brique quand elle s'en va."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.modeles import BriqueConnue, BriquePreparee
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.publication import historique
from ent_core.vie_privee.registre import Registre

__all__ = ["enregistrer_vues", "retirees", "retirer"]


def enregistrer_vues(session: Session, horloge: Horloge, chargement: Chargement) -> None:
    """Garde une copie des déclarations de chaque brique chargée, et leur histoire (après une migration).

    :param session: session de l'académie.
    :param horloge: horloge injectée.
    :param chargement: briques chargées.
    """
    for brique in chargement.briques:
        valeurs = {
            "id": brique.id,
            "version": brique.manifeste.version,
            "registre": canonique(brique.declaration()),
            "vue_le": horloge.maintenant(),
            "retiree_le": None,
        }
        session.execute(
            insert(BriqueConnue).values(valeurs).on_conflict_do_update(index_elements=["id"], set_=valeurs)
        )
    historique.relever(
        session, horloge, Registre.reunir(brique.declaration() for brique in chargement.briques)
    )


def retirees(base: BaseDeDonnees) -> frozenset[str]:
    """Briques dont le retrait est enregistré ; vide si la base n'est pas encore migrée.

    :param base: base de l'application.
    """
    if not base.a_la_table("brique_connue"):
        return frozenset()
    with base.academie("démarrage : briques retirées") as session:
        return frozenset(session.scalars(select(BriqueConnue.id).where(BriqueConnue.retiree_le.is_not(None))))


def retirer(session: Session, horloge: Horloge, chargement: Chargement, identifiant: str) -> int:
    """Enregistre le départ d'une brique : ses tables restent, le démarrage ne les refuse plus.

    Son code n'est plus là pour apprendre qu'elle se ferme : la fermer partout d'abord le lui dit. Si elle
    revient, elle sera de nouveau prévenue là où elle est ouverte.

    :param session: session de l'académie.
    :param horloge: horloge injectée.
    :param chargement: briques chargées.
    :param identifiant: brique qui n'est plus chargée.
    :returns: nombre d'établissements où elle était encore ouverte, et n'a pas été prévenue.
    :raises OperationRefusee: elle est encore chargée.
    :raises Introuvable: elle n'a jamais été vue.
    """
    if chargement.brique(identifiant):
        raise OperationRefusee(
            f"la brique « {identifiant} » est encore chargée.", remede="l'ôter d'abord de [briques] chargees."
        )
    connue = session.get(BriqueConnue, identifiant)
    if connue is None:
        raise Introuvable(
            f"aucune brique « {identifiant} » n'a laissé de tables ici.", remede="vérifier son identifiant."
        )
    connue.retiree_le = horloge.maintenant()
    siennes = BriquePreparee.brique == identifiant
    ouverte = session.scalar(select(func.count()).select_from(BriquePreparee).where(siennes)) or 0
    session.execute(delete(BriquePreparee).where(siennes))
    consigner(session, horloge, "brique.retiree", objet=identifiant, details={"encore_ouverte": ouverte})
    return ouverte

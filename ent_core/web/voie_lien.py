"""Le lien personnel : un agenda relit une adresse, à lire, au titre de la personne qui l'a relié."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy.orm import Session

from ent_core.donnees.session import noter_portage
from ent_core.identite.liens_personnels import ouvrir
from ent_core.identite.titres import Titre, titre_en_vigueur
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable
from ent_core.web.routes import Exigence
from ent_core.web.voies import LECTURES, LIEN

__all__ = ["LienMort", "durcir", "reconnaitre"]


class LienMort(Introuvable):
    """Le lien est faux, échu, retiré, ou la personne ne peut plus lire ce calendrier : même réponse."""

    code = "ENT-LIEN-PERSONNEL"


def reconnaitre(session: Session, horloge: Horloge, exigence: Exigence) -> Titre:
    """La personne au nom de qui l'appareil lit.

    :param exigence: ce que la route demande ; elle accepte un lien.
    :raises LienMort: le lien n'ouvre rien.
    :raises LienTropLu: l'appareil l'a déjà trop lu aujourd'hui.
    """
    jeton = request.args[LIEN]
    lien = ouvrir(session, horloge, jeton, request.path) if request.method in LECTURES else None
    titre = titre_en_vigueur(session, horloge, lien.compte_id, lien.uai, lien.profil) if lien else None
    if titre is None:
        raise LienMort(
            "ce lien n'ouvre plus rien.",
            remede="en créer un autre dans l'ENT, « Mon compte », « Calendriers reliés ».",
        )
    noter_portage(session, traitements=exigence.traitements)
    return titre


def durcir(reponse: Response) -> None:
    """En-têtes d'une réponse à un lien : ni copie partagée, ni moteur de recherche.

    :param reponse: réponse prête.
    """
    reponse.headers["Cache-Control"] = "private, no-store"
    reponse.headers["X-Robots-Tag"] = "noindex, nofollow"

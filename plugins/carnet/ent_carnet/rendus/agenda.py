"""Le fichier des rendez-vous, pour la page et pour l'API : ceux d'un élève, ou d'un personnel."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ent_core.brique import contexte_courant, horloge_courante, peut, portee_courante, session_courante
from flask import url_for
from werkzeug.wrappers import Response

from ent_carnet.permissions import INSTRUIRE, TRAITER
from ent_carnet.services import agenda, explication, ical
from ent_carnet.services.agenda import Page, RendezVous
from ent_carnet.traitements import ASSIDUITE, PUNITIONS, SANCTIONS

__all__ = ["LUS_DE_L_ELEVE", "LUS_DU_PERSONNEL", "de_l_eleve", "du_personnel"]

LUS_DE_L_ELEVE = (PUNITIONS.cle, SANCTIONS.cle)
"""Traitements où sont les rendez-vous d'un élève."""

LUS_DU_PERSONNEL = (ASSIDUITE.cle, PUNITIONS.cle, SANCTIONS.cle)
"""Traitements où sont les rendez-vous d'un personnel."""


def de_l_eleve(eleve_id: UUID, *, relu: bool = False) -> Response:
    """Le fichier d'un élève, si sa famille emploie le service à l'écran.

    :param eleve_id: élève.
    :param relu: vrai si un agenda le relit.
    """
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    explication.exiger_l_ecran(session, contexte, portee_courante(), eleve_id)
    return _fichier(agenda.de_l_eleve(session, contexte, eleve_id, instant), relu=relu)


def du_personnel(*, relu: bool = False) -> Response:
    """Le fichier de qui le demande : ses retenues, et ce que ses autres permissions lui donnent.

    :param relu: vrai si un agenda le relit.
    """
    return _fichier(
        agenda.du_personnel(
            session_courante(), contexte_courant(), portee_courante(), instruit=peut(INSTRUIRE),
            joint=peut(TRAITER),
        ),
        relu=relu,
    )  # fmt: skip


def _fichier(rendez_vous: Sequence[RendezVous], *, relu: bool) -> Response:
    """Le fichier ; sans rendez-vous, rien (204) à télécharger, mais un agenda relu reste un agenda."""
    if not rendez_vous and not relu:
        return Response(status=204)
    contexte = contexte_courant()
    contenu = ical.composer(
        rendez_vous, uai=contexte.uai, etablissement=contexte.etablissement_nom,
        instant=horloge_courante().maintenant(), adresse=_adresse,
    )  # fmt: skip
    reponse = Response(contenu, mimetype=ical.TYPE)
    reponse.headers["Content-Disposition"] = 'attachment; filename="rendez_vous.ics"'
    return reponse


def _adresse(rdv: RendezVous) -> str:
    if rdv.page is Page.CARNET:
        return url_for("carnet.carnet_d_un_eleve", eleve_id=rdv.objet, _external=True)
    if rdv.page is Page.RETENUES:
        return url_for("carnet.retenues_du_jour", jour=rdv.objet, _external=True)
    if rdv.page is Page.PROCEDURE:
        return url_for("carnet.sanction", sanction_id=rdv.objet, _external=True)
    return url_for("carnet.dossier_d_absences", eleve_id=rdv.objet, _external=True, _anchor="contacts")

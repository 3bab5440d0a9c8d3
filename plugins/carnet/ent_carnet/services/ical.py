"""Des rendez-vous au fichier iCalendar (RFC 5545) : où être et quand, et rien d'autre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from ent_core.brique import FUSEAU
from icalendar import CLASS, STATUS, Calendar, Event, Timezone

from ent_carnet.services.agenda import Page, RendezVous

__all__ = ["TYPE", "composer"]

TYPE = "text/calendar"

_ESPACE = UUID("5f0f7d0e-9f0e-4a3b-8c51-6d2f1f0c7a11")
"""Une clé donne toujours le même identifiant, et l'identifiant ne rend ni la clé ni son instant de saisie."""

_TITRES = {
    Page.CARNET: "Rendez-vous à l'établissement",
    Page.RETENUES: "Surveillance",
    Page.PROCEDURE: "Réunion",
    Page.ABSENCES: "Rendez-vous",
}
_RELU = timedelta(hours=6)
"""Ce qu'un agenda abonné attend avant de relire ; certains ne lisent que la forme d'avant la RFC 7986."""

_DETAIL = "Le détail se lit dans l'ENT, après connexion."


def composer(
    rendez_vous: Sequence[RendezVous],
    *,
    uai: str,
    etablissement: str,
    instant: datetime,
    adresse: Callable[[RendezVous], str],
) -> bytes:
    """Le fichier à télécharger ; repris, il met à jour les rendez-vous déjà reçus.

    :param rendez_vous: rendez-vous, annulés compris.
    :param uai: établissement.
    :param etablissement: son nom, qui est aussi un lieu.
    :param instant: maintenant. À révision égale, le fichier le plus récent l'emporte (RFC 5546) : rien
        n'y dit quand un acte a été saisi (SURV-02).
    :param adresse: adresse de la page d'un rendez-vous.
    """
    calendrier = Calendar()
    calendrier.add("prodid", "-//ENT//Carnet//FR")
    calendrier.add("version", "2.0")
    calendrier.add("method", "PUBLISH")
    calendrier.add("name", f"{etablissement} : rendez-vous")
    calendrier.add("x-wr-calname", f"{etablissement} : rendez-vous")
    calendrier.add("refresh-interval", _RELU, {"value": "DURATION"})
    calendrier.add("x-published-ttl", "PT6H")
    releve = instant.astimezone(UTC).replace(microsecond=0)
    for rdv in rendez_vous:
        calendrier.add_component(
            Event.new(
                uid=f"{uuid5(_ESPACE, f'{uai}:{rdv.cle}')}@{uai.lower()}",
                stamp=releve,
                last_modified=releve,
                sequence=rdv.revision,
                start=_local(rdv.debut),
                end=None if rdv.fin is None else _local(rdv.fin),
                summary=_TITRES[rdv.page],
                location=", ".join(filter(None, (rdv.lieu, etablissement))),
                description=_DETAIL,
                url=adresse(rdv),
                classification=CLASS.PRIVATE,
                status=STATUS.CANCELLED if rdv.annule else STATUS.CONFIRMED,
            )
        )
    debut, fin = date(instant.year - 1, 1, 1), date(instant.year + 2, 1, 1)
    if rendez_vous:
        calendrier.add_missing_timezones(debut, fin)
    else:  # un agenda a au moins un élément : sans rendez-vous, ce sera le fuseau
        calendrier.add_component(Timezone.from_tzid(str(FUSEAU), first_date=debut, last_date=fin))
    ecrit: bytes = calendrier.to_ical()
    return ecrit


def _local(quand: datetime | date) -> datetime | date:
    return quand.astimezone(FUSEAU) if isinstance(quand, datetime) else quand

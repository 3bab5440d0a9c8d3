"""Prévenir une personne de ce qui touche son compte, par les messages de l'un de ses établissements."""

from __future__ import annotations

from uuid import UUID

from flask import flash, url_for

from ent_core.identite.annuaire import titres
from ent_core.identite.connexion import Ouverture
from ent_core.messages.securite import prevenir_de_la_securite
from ent_core.socle.dates import heure, jour_long
from ent_core.web.instance import instance

__all__ = ["prevenir_d_un_appareil", "prevenir_le_titulaire"]


def prevenir_d_un_appareil(ouverture: Ouverture) -> None:
    """Après une connexion par mot de passe : dit la précédente, et prévient si l'appareil est inconnu.

    :param ouverture: session qui vient de s'ouvrir.
    """
    if ouverture.precedente is not None:
        quand = f"{jour_long(ouverture.precedente)} à {heure(ouverture.precedente)}"
        flash(f"Dernière connexion : {quand}. Ce n'était pas vous ? Voyez « Mon compte ».", "info")
    if ouverture.avis is not None:
        page = url_for("ent.appareil_inconnu", avis_id=ouverture.avis)
        prevenir_le_titulaire(ouverture.personne_id, page)


def prevenir_le_titulaire(personne_id: UUID, page: str) -> None:
    """Prévient une personne par son premier établissement ; sans établissement, la page seule le lui dit.

    :param personne_id: titulaire du compte.
    :param page: page à ouvrir, depuis « / ».
    """
    base, jour = instance().base, instance().horloge.aujourd_hui()
    with base.academie("prévenir le titulaire d'un compte") as academie:
        siens = titres(academie, [personne_id], None, jour).get(personne_id, ())
    if siens:
        with base.ecole(siens[0].uai, "prévenir le titulaire d'un compte") as session:
            prevenir_de_la_securite(session, [personne_id], page)

"""Les délégations du chef d'établissement : accorder, voir, reprendre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.interface import Contexte, Permission, Portee
from ent_core.identite import annuaire
from ent_core.identite.modeles import Personne
from ent_core.roles import delegations
from ent_core.roles.modeles import Delegation
from ent_core.web.admin.pages import ReponsePage, administration, traiter
from ent_core.web.admin.saisies import SaisieDelegation
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__: list[str] = []

_PORTEES = (Portee.ETABLISSEMENT, Portee.MES_CLASSES, Portee.MA_CLASSE_PRINCIPALE)


@dataclass(frozen=True, slots=True)
class DelegationAffichee:
    """Une délégation, dans les mots d'une personne."""

    id: UUID
    personne_id: UUID
    personne: str
    permission: str
    portee: str
    motif: str
    debut: date
    fin: date
    etat: str
    ton: str


@administration.get("/delegations", endpoint="delegations")
@exige("noyau.delegations")
def liste_delegations() -> str:
    return _page({})


@administration.post("/delegations")
@exige("noyau.delegations", reauthentification=True)
def accorder_delegation() -> ReponsePage:
    return traiter(SaisieDelegation(), _accorder, _page)


@administration.post("/delegations/<uuid:delegation_id>/reprendre")
@exige("noyau.delegations", reauthentification=True)
def reprendre_delegation(delegation_id: UUID) -> Response:
    delegations.revoquer(session_courante(), instance().horloge, contexte_courant(), delegation_id)
    flash("La permission est reprise. Elle ne vaut plus dès maintenant.", "succes")
    return redirect(url_for("admin.delegations"))


def _accorder(saisie: dict[str, Any]) -> Response:
    delegations.deleguer(
        session_courante(),
        instance().horloge,
        contexte_courant(),
        instance().permissions,
        personne_id=saisie["personne"],
        permission=saisie["permission"],
        portee=saisie["portee"],
        motif=saisie["motif"],
        debut=saisie["debut"],
        fin=min(saisie["fin"], date.max - timedelta(days=1)) + timedelta(days=1),
    )
    flash("La délégation est accordée.", "succes")
    return redirect(url_for("admin.delegations"))


def _page(erreurs: dict[str, str]) -> str:
    session, contexte = session_courante(), contexte_courant()
    return render_template(
        "admin/delegations.html",
        delegations=_affichees(session, contexte),
        personnels=[
            (p.id, f"{p.nom} {p.prenom}".strip())
            for p in annuaire.personnels(session, contexte.uai, contexte.jour)
            if p.id != contexte.personne_id
        ],
        permissions=[(p.cle, p.libelle) for p in _delegables(contexte)],
        portees=[(p.value, p.value.capitalize()) for p in _PORTEES],
        erreurs=erreurs,
        saisie=request.form,
        fin_au_plus_tard=contexte.jour + delegations.DUREE_MAXIMALE - timedelta(days=1),
    )


def _delegables(contexte: Contexte) -> list[Permission]:
    """Permissions délégables que le chef a lui-même, dans l'ordre de leur libellé."""
    return sorted(
        (p for p in instance().permissions.values() if p.delegable and contexte.roles & set(p.roles)),
        key=lambda permission: permission.libelle,
    )


def _affichees(session: Session, contexte: Contexte) -> list[DelegationAffichee]:
    ecrites = delegations.lister(session, contexte.uai)
    noms = {
        p.id: f"{p.prenom or ''} {p.nom}".strip()
        for p in session.scalars(select(Personne).where(Personne.id.in_({d.personne_id for d in ecrites})))
    }
    permissions = instance().permissions
    affichees = []
    for d in ecrites:
        connue = permissions.get(d.permission)
        etat, ton = _etat(d, contexte.jour)
        affichees.append(
            DelegationAffichee(
                id=d.id,
                personne_id=d.personne_id,
                personne=noms.get(d.personne_id, "personne supprimée"),
                permission=connue.libelle if connue else d.permission,
                portee=d.portee,
                motif=d.motif,
                debut=d.debut,
                fin=d.fin,
                etat=etat,
                ton=ton,
            )
        )
    return affichees


def _etat(delegation: Delegation, jour: date) -> tuple[str, str]:
    if delegation.revoquee_le is not None:
        return "Reprise", "refus"
    if delegation.fin <= jour:
        return "Finie", "neutre"
    return ("En cours", "succes") if delegation.debut <= jour else ("À venir", "info")

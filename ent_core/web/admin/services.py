"""Les services tiers, par établissement ou pour l'académie : ouvrir, fermer, voir ce qui leur est dit."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from ent_core.chargement.services import services_declares
from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import LIBELLES_PROFILS, Profil
from ent_core.contrat.services import OptionsCas, ServiceTiers
from ent_core.federation.apercu import ApercuReponse, apercu
from ent_core.federation.emission import emissions
from ent_core.federation.gabarits import GABARITS
from ent_core.federation.services import (
    ServiceConnu,
    connus,
    declarer,
    fermer_ici,
    fermes_ici,
    retirer,
    rouvrir_ici,
    suspendre,
)
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.pages import ReponsePage, administration, de_l_academie, lendemain, perimetre, traiter
from ent_core.web.admin.saisies import Saisie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__ = ["SaisieService", "services_du_perimetre"]

_PERMISSION = "noyau.services"
_OBLIGATOIRE: dict[str, Any] = {"required": "Remplissez ce champ."}


class SaisieApercu(Saisie):
    """La personne dont on regarde la réponse."""

    identifiant = fields.String(required=True, error_messages=_OBLIGATOIRE, validate=validate.Length(max=100))


class SaisieService(Saisie):
    """Déclarer un service : tout ce que le registre en dira."""

    cle = fields.String(required=True, error_messages=_OBLIGATOIRE)
    nom = fields.String(required=True, error_messages=_OBLIGATOIRE)
    adresse = fields.String(required=True, error_messages=_OBLIGATOIRE, validate=validate.Length(max=500))
    profils = fields.List(
        fields.Enum(Profil, by_value=True, error_messages={"unknown": "Ce profil n'existe pas."}),
        required=True,
        error_messages={"required": "Choisissez un profil au moins."},
    )
    finalite = fields.String(required=True, error_messages=_OBLIGATOIRE)
    base = fields.Enum(
        BaseLegale, required=True, error_messages={**_OBLIGATOIRE, "unknown": "Choisissez dans la liste."}
    )
    destinataire = fields.String(required=True, error_messages=_OBLIGATOIRE)
    contact = fields.String(load_default="")
    gabarit = fields.String(
        required=True,
        error_messages=_OBLIGATOIRE,
        validate=validate.OneOf(list(GABARITS), error="Choisissez dans la liste."),
    )
    attributs = fields.String(load_default="", validate=validate.Length(max=400))
    attributs_en_2 = fields.Boolean(load_default=False)
    deconnexion = fields.Boolean(load_default=False)
    duree = fields.Integer(load_default=30)
    debut = fields.Date(load_default=None)
    fin = fields.Date(load_default=None)

    @staticmethod
    def service(lue: dict[str, Any], uai: str | None) -> ServiceTiers:
        """Déclaration saisie.

        :param lue: valeurs de ce schéma.
        :param uai: établissement qui l'ouvre ; ``None``, toute l'académie.
        """
        recopies = (
            "cle",
            "nom",
            "adresse",
            "finalite",
            "base",
            "destinataire",
            "contact",
            "gabarit",
            "debut",
        )
        return ServiceTiers(
            **{nom: lue[nom] for nom in recopies},
            profils=frozenset(lue["profils"]),
            attributs=tuple(lue["attributs"].replace(",", " ").split()),
            etablissements=(uai,) if uai else (),
            cas=OptionsCas(lue["attributs_en_2"], lue["deconnexion"], lue["duree"]),
            fin=lendemain(lue["fin"]),
        )


@administration.get("/services", endpoint="services")
@exige(_PERMISSION)
def liste_services() -> str:
    with perimetre("services tiers : liste") as (session, uai):
        services = services_du_perimetre(session, uai)
        fermes = fermes_ici(session, uai) if uai else frozenset()
    return render_template(
        "admin/services.html", services=services, fermes=fermes, gabarits=GABARITS, academie=uai is None
    )


@administration.get("/services/nouveau")
@exige(_PERMISSION)
def nouveau_service() -> str:
    return _page_nouveau({})


@administration.post("/services")
@exige(_PERMISSION, reauthentification=True)
def declarer_service() -> ReponsePage:
    def agir(lue: dict[str, Any]) -> ReponsePage:
        ent, contexte = instance(), contexte_courant()
        with perimetre("services tiers : déclaration") as (session, uai):
            service = SaisieService.service(lue, uai)
            declarer(
                session, ent.horloge, service, services_declares(ent.chargement, ent.configuration),
                permis=ent.configuration.federation.permis, origine="page", acteur=contexte.personne_id,
                uai=uai,
            )  # fmt: skip
        flash(f"Le service « {service.nom} » est ouvert.", "succes")
        return redirect(url_for("admin.service", cle=service.cle))

    return traiter(SaisieService(), agir, _page_nouveau)


@administration.get("/services/<cle>", endpoint="service")
@exige(_PERMISSION)
def page_service(cle: str) -> str:
    return _page(cle, {})


@administration.post("/services/<cle>/apercu")
@exige(_PERMISSION)
def apercu_du_service(cle: str) -> ReponsePage:
    def agir(lue: dict[str, Any]) -> ReponsePage:
        ent, contexte = instance(), contexte_courant()
        with perimetre("services tiers : aperçu") as (session, uai):
            connu = _trouver(session, uai, cle)
        # Une réponse réunit ce que la personne est dans toutes les écoles du service.
        requete().base.commit()
        with ent.base.academie("services tiers : aperçu") as session:
            vu = apercu(
                session, ent.horloge, ent.coffre, connu.service, lue["identifiant"], uai=uai,
                acteur=contexte.personne_id,
            )  # fmt: skip
        return _page(cle, {}, vu)

    return traiter(SaisieApercu(), agir, lambda erreurs: _page(cle, erreurs))


@administration.post("/services/<cle>/<acte>")
@exige(_PERMISSION, reauthentification=True)
def changer_service(cle: str, acte: str) -> ReponsePage:
    ent, contexte = instance(), contexte_courant()
    with perimetre("services tiers : décision") as (session, uai):
        connu = _trouver(session, uai, cle)
        qui: dict[str, Any] = {"acteur": contexte.personne_id, "uai": uai}
        match acte:
            case "retirer":
                retirer(session, ent.horloge, cle, **qui)
            case "suspendre" | "reprendre":
                suspendre(session, ent.horloge, cle, actif=acte == "reprendre", **qui)
            case "fermer" if uai:
                fermer_ici(session, ent.horloge, cle, acteur=contexte.personne_id, uai=uai)
            case "rouvrir" if uai:
                rouvrir_ici(session, ent.horloge, cle, acteur=contexte.personne_id, uai=uai)
            case _:
                raise Introuvable("cet acte n'existe pas.", remede="revenir à la page du service.")
    flash(f"C'est fait pour le service « {connu.service.nom} ».", "succes")
    suite = url_for("admin.services") if acte == "retirer" else url_for("admin.service", cle=cle)
    return redirect(suite)


def services_du_perimetre(session: Session, uai: str | None) -> list[ServiceConnu]:
    """Services qu'un établissement peut voir : les siens, et ceux qui lui sont proposés.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    ent = instance()
    tous = connus(session, services_declares(ent.chargement, ent.configuration))
    return [connu for connu in tous if uai is None or connu.service.concerne(uai)]


def _trouver(session: Session, uai: str | None, cle: str) -> ServiceConnu:
    for connu in services_du_perimetre(session, uai):
        if connu.service.cle == cle:
            return connu
    raise Introuvable("ce service n'existe pas ici.", remede="le chercher dans la liste des services.")


def _page(cle: str, erreurs: dict[str, str], vu: ApercuReponse | None = None) -> str:
    with perimetre("services tiers : fiche") as (session, uai):
        connu = _trouver(session, uai, cle)
        comptes = emissions(session, cle, uai)
        ferme = uai is not None and cle in fermes_ici(session, uai)
    service = connu.service
    return render_template(
        "admin/service.html",
        connu=connu,
        service=service,
        gabarit=GABARITS[service.gabarit],
        retenus=GABARITS[service.gabarit].retenus(service.attributs),
        adresses=_adresses(),
        comptes_affiches=[
            {"mois": f"{mois:%m/%Y}", "profil": LIBELLES_PROFILS.get(profil, profil), "nombre": nombre}
            for mois, profil, nombre in comptes
        ],
        ferme=ferme,
        uai=uai,
        change=connu.id is not None and (uai is None or service.etablissements == (uai,)),
        vu=vu,
        profils=LIBELLES_PROFILS,
        erreurs=erreurs,
        saisie=request.form,
    )


def _adresses() -> list[tuple[str, str]]:
    """Ce que l'administrateur recopie dans le logiciel tiers."""
    return [
        ("Serveur CAS", url_for("cas.entrer", _external=True).removesuffix("/login")),
        ("Connexion", url_for("cas.entrer", _external=True)),
        ("Validation (CAS 3.0, avec attributs)", url_for("cas.valider_p3", _external=True)),
        ("Validation (CAS 2.0)", url_for("cas.valider", _external=True)),
        ("Déconnexion", url_for("cas.sortir", _external=True)),
    ]


def _page_nouveau(erreurs: dict[str, str]) -> str:
    return render_template(
        "admin/service_nouveau.html",
        academie=de_l_academie(),
        gabarits=[(cle, f"{cle} : {g.libelle}") for cle, g in GABARITS.items()],
        attributs={cle: [a.nom for a in g.attributs] for cle, g in GABARITS.items()},
        bases=[(base.name, base.value) for base in BaseLegale],
        profils=LIBELLES_PROFILS,
        choisis=request.form.getlist("profils"),
        erreurs=erreurs,
        saisie=request.form,
    )

"""Les services tiers, par établissement ou pour l'académie : ouvrir, fermer, voir ce qui leur est dit."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from ent_core.chargement.services import services_declares
from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.contrat.services import OptionsOidc, OptionsSaml, Protocole, ServiceTiers
from ent_core.federation.apercu import ApercuReponse, apercu
from ent_core.federation.emission import emissions
from ent_core.federation.fournisseur_oidc.clients import nouveau_secret
from ent_core.federation.fournisseur_oidc.identite import sujet_de
from ent_core.federation.fournisseur_oidc.portees import AFFIRMATIONS
from ent_core.federation.fournisseur_saml.normes import Liaison
from ent_core.federation.fournisseur_saml.partenaire import lire_partenaire
from ent_core.federation.gabarits import GABARITS, FormeAttribut
from ent_core.federation.services import (
    ServiceConnu,
    changer_metadonnees,
    changer_secret,
    connus,
    declarer,
    fermer_ici,
    fermes_ici,
    retirer,
    rouvrir_ici,
    suspendre,
)
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.web.admin.pages import ReponsePage, administration, de_l_academie, perimetre, traiter
from ent_core.web.admin.saisies import Saisie
from ent_core.web.admin.services_saisies import SAISIES, SaisieMetadonnees, protocole_choisi
from ent_core.web.federation.plans import adresse_publique
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__ = ["services_du_perimetre"]

_PERMISSION = "noyau.services"
_NOMS = {Protocole.CAS: "CAS", Protocole.OIDC: "OpenID Connect", Protocole.SAML: "SAML 2.0"}
_POINTS = {
    Protocole.CAS: (
        ("Connexion", "cas.entrer"),
        ("Validation (CAS 3.0, avec attributs)", "cas.valider_p3"),
        ("Validation (CAS 2.0)", "cas.valider"),
        ("Déconnexion", "cas.sortir"),
    ),
    Protocole.OIDC: (
        ("Découverte", "oidc_serveur.decouvrir"),
        ("Autorisation", "oidc.autoriser"),
        ("Jetons", "oidc_serveur.jeton"),
        ("Informations (userinfo)", "oidc_serveur.informer"),
        ("Clés (JWKS)", "oidc_serveur.publier"),
        ("Déconnexion", "oidc.sortir"),
    ),
    Protocole.SAML: (
        ("Métadonnées, et nom de l'ENT (entityID)", "saml.decrire"),
        ("Connexion", "saml.demander"),
        ("Déconnexion", "saml.sortir"),
    ),
}
"""Ce que l'administrateur recopie dans le logiciel tiers, par protocole."""
_OBLIGATOIRE: dict[str, Any] = {"required": "Remplissez ce champ."}


class SaisieApercu(Saisie):
    """La personne dont on regarde la réponse."""

    identifiant = fields.String(required=True, error_messages=_OBLIGATOIRE, validate=validate.Length(max=100))


@administration.get("/services", endpoint="services")
@exige(_PERMISSION)
def liste_services() -> str:
    with perimetre("services tiers : liste") as (session, uai):
        services = services_du_perimetre(session, uai)
        fermes = fermes_ici(session, uai) if uai else frozenset()
    a_renouveler = {c.service.cle for c in services if _du_partenaire(c.service).get("finit_bientot")}
    return render_template(
        "admin/services.html",
        services=services,
        fermes=fermes,
        a_renouveler=a_renouveler,
        gabarits=GABARITS,
        academie=uai is None,
    )


@administration.get("/services/nouveau")
@exige(_PERMISSION)
def nouveau_service() -> str:
    return _page_nouveau({})


@administration.post("/services")
@exige(_PERMISSION, reauthentification=True)
def declarer_service() -> ReponsePage:
    schema = SAISIES[protocole_choisi(request.form.get("protocole", ""))]()

    def agir(lue: dict[str, Any]) -> ReponsePage:
        ent, contexte = instance(), contexte_courant()
        with perimetre("services tiers : déclaration") as (session, uai):
            saisi = schema.saisi(lue, uai)
            _exiger_des_portees_connues(saisi.service)
            declarer(
                session, ent.horloge, saisi.service, services_declares(ent.chargement, ent.configuration),
                permis=ent.configuration.federation.permis, origine="page", acteur=contexte.personne_id,
                uai=uai,
            )  # fmt: skip
        flash(f"Le service « {saisi.service.nom} » est ouvert.", "succes")
        if saisi.secret:
            return _page(saisi.service.cle, {}, secret=saisi.secret)
        return redirect(url_for("admin.service", cle=saisi.service.cle))

    return traiter(schema, agir, _page_nouveau)


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
                acteur=contexte.personne_id, emetteur=adresse_publique(""),
            )  # fmt: skip
        return _page(cle, {}, vu)

    return traiter(SaisieApercu(), agir, lambda erreurs: _page(cle, erreurs))


@administration.post("/services/<cle>/metadonnees")
@exige(_PERMISSION, reauthentification=True)
def changer_les_metadonnees(cle: str) -> ReponsePage:
    def agir(lue: dict[str, Any]) -> ReponsePage:
        ent, contexte = instance(), contexte_courant()
        with perimetre("services tiers : métadonnées") as (session, uai):
            _trouver(session, uai, cle)
            changer_metadonnees(
                session, ent.horloge, cle, lue["metadonnees"], permis=ent.configuration.federation.permis,
                acteur=contexte.personne_id, uai=uai,
            )  # fmt: skip
        flash("Le service a ses nouvelles métadonnées.", "succes")
        return redirect(url_for("admin.service", cle=cle))

    return traiter(SaisieMetadonnees(), agir, lambda erreurs: _page(cle, erreurs))


@administration.post("/services/<cle>/secret")
@exige(_PERMISSION, reauthentification=True)
def changer_le_secret(cle: str) -> str:
    ent, contexte = instance(), contexte_courant()
    secret, empreinte = nouveau_secret()
    with perimetre("services tiers : secret") as (session, uai):
        _trouver(session, uai, cle)
        changer_secret(session, ent.horloge, cle, empreinte, acteur=contexte.personne_id, uai=uai)
    return _page(cle, {}, secret=secret)


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


def _page(cle: str, erreurs: dict[str, str], vu: ApercuReponse | None = None, secret: str = "") -> str:
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
        donnes=_donnes(service),
        adresses=_adresses(service.protocole),
        secret=secret,
        **_du_partenaire(service),
        avec_secret=isinstance(service.options, OptionsOidc) and bool(service.options.secret),
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


def _du_partenaire(service: ServiceTiers) -> dict[str, Any]:
    """Ce que disent les métadonnées d'un service SAML."""
    if not isinstance(service.options, OptionsSaml):
        return {}
    partenaire = lire_partenaire(service.options.metadonnees)
    instant = instance().horloge.maintenant()
    return {
        "partenaire": partenaire,
        "avise": bool(partenaire.sorties.get(Liaison.SOAP)),
        "perime": partenaire.perime(instant),
        "finit_bientot": partenaire.finit_bientot(instant),
    }


def _exiger_des_portees_connues(service: ServiceTiers) -> None:
    """Une portée qui n'est pas au registre n'ouvrirait rien : mieux vaut le dire à qui la déclare."""
    portees = service.options.portees if isinstance(service.options, OptionsOidc) else ()
    if inconnues := set(portees) - set(instance().registre.traitements):
        raise DonneeInvalide(
            f"le registre n'a pas de traitement « {min(inconnues)} ».",
            remede="recopier sa clé dans le registre des traitements.",
            lieu="portees",
        )


def _donnes(service: ServiceTiers) -> list[dict[str, str]]:
    """Ce que le service reçoit, sous le nom que son protocole lui donne."""
    gabarit = GABARITS[service.gabarit]
    retenus = gabarit.retenus(service.attributs)
    if service.protocole is Protocole.OIDC:
        designe = sujet_de(gabarit).value
        dites = [(AFFIRMATIONS[a.source], a.source) for a in retenus if a.source in AFFIRMATIONS]
        affirmees = [
            {"nom": dite.nom, "source": source.value, "forme": dite.portee} for dite, source in dites
        ]
        return [{"nom": "sub", "source": designe, "forme": "openid"}, *affirmees]
    formes = [
        {
            "nom": a.nom,
            "source": a.source.value,
            "forme": "" if a.forme is FormeAttribut.TELLE else a.forme.value,
        }
        for a in retenus
    ]
    if service.protocole is Protocole.CAS:
        return [{"nom": "cas:user", "source": gabarit.principal.value, "forme": ""}, *formes]
    return formes


def _adresses(protocole: Protocole) -> list[tuple[str, str]]:
    """Ce que l'administrateur recopie dans le logiciel tiers."""
    return [(nom, adresse_publique(url_for(point))) for nom, point in _POINTS.get(protocole, ())]


def _page_nouveau(erreurs: dict[str, str]) -> str:
    choisi = protocole_choisi(request.values.get("protocole", ""))
    return render_template(
        "admin/service_nouveau.html",
        protocole=choisi.value,
        protocoles=[
            {
                "libelle": _NOMS[p],
                "actif": p is choisi,
                "url": url_for("admin.nouveau_service", protocole=p.value),
            }
            for p in SAISIES
        ],
        academie=de_l_academie(),
        gabarits=[(cle, f"{cle} : {g.libelle}") for cle, g in GABARITS.items()],
        attributs={cle: [a.nom for a in g.attributs] for cle, g in GABARITS.items()},
        bases=[(base.name, base.value) for base in BaseLegale],
        profils=LIBELLES_PROFILS,
        choisis=request.form.getlist("profils"),
        erreurs=erreurs,
        saisie=request.form,
    )

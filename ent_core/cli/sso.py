"""``ent sso`` : les services tiers et ce que chacun recevrait, les fournisseurs d'identité."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.cli.sso_cles import cles, secret
from ent_core.cli.sso_fournisseurs import essayer, fournisseurs

__all__ = ["sso"]


@click.group(cls=Groupe)
def sso() -> None:
    """Les services où l'on entre par l'ENT, et les fournisseurs par qui l'on y entre."""


sso.add_command(fournisseurs)
sso.add_command(essayer)
sso.add_command(cles)
sso.add_command(secret)


@sso.group()
def service() -> None:
    """Déclarer, lister et retirer des services tiers."""


@service.command()
@option_json
def lister(en_json: bool) -> None:
    """Liste les services déclarés, d'où que vienne leur déclaration."""
    from ent_core.chargement.services import services_declares
    from ent_core.federation.services import connus

    with ouvrir() as o, o.base.academie("services tiers : liste") as session:
        lus = connus(session, services_declares(o.chargement, o.configuration))
    ecrire_tableau(
        "Services tiers",
        ("cle", "nom", "protocole", "adresse", "gabarit", "etablissements", "origine", "actif"),
        [
            (
                c.service.cle, c.service.nom, c.service.protocole.value, c.service.adresse, c.service.gabarit,
                ", ".join(c.service.etablissements) or "tous", c.brique or c.origine, c.actif,
            )
            for c in lus
        ],
        en_json=en_json,
        vide="Aucun service : rien ne peut demander à l'ENT qui est une personne.",
    )  # fmt: skip


def _jour(_contexte: click.Context, _option: click.Parameter, valeur: datetime | None) -> date | None:
    return valeur.date() if valeur else None


@service.command()
@click.argument("cle")
@click.option("--nom", required=True, help="Nom montré aux personnes.")
@click.option("--adresse", required=True, help="Début de ses adresses, en https.")
@click.option("--profil", "profils", multiple=True, required=True, help="Profil national ; répétable.")
@click.option("--finalite", required=True, help="But poursuivi, en une phrase.")
@click.option("--destinataire", required=True, help="Organisme qui reçoit les données.")
@click.option("--contact", default="", help="À qui s'adresser chez lui.")
@click.option("--base", default="MISSION_INTERET_PUBLIC", help="Base légale.", show_default=True)
@click.option("--gabarit", default="identifiant", help="Ce qui lui est donné.", show_default=True)
@click.option("--attribut", "attributs", multiple=True, help="Seulement cet attribut ; répétable.")
@click.option("--etablissement", "uais", multiple=True, help="Code UAI ; répétable ; par défaut, tous.")
@click.option(
    "--protocole", type=click.Choice(["cas", "oidc", "saml"]), default="cas", show_default=True,
    help="Son protocole.",
)  # fmt: skip
@click.option("--retour", "retours", multiple=True, help="OIDC : adresse de retour, exacte ; répétable.")
@click.option("--retour-sortie", "retours_sortie", multiple=True, help="OIDC : retour après la sortie.")
@click.option("--avis", default="", help="OIDC : adresse à prévenir d'une sortie.")
@click.option(
    "--presentation", type=click.Choice(["basic", "post", "aucune"]), default="basic", show_default=True,
    help="OIDC : comment il présente son secret ; « aucune », il n'en a pas.",
)  # fmt: skip
@click.option(
    "--algorithme", type=click.Choice(["RS256", "ES256"]), default="RS256", show_default=True,
    help="OIDC : signature de ses jetons.",
)  # fmt: skip
@click.option("--portee", "portees", multiple=True, help="OIDC : traitement qu'il peut demander ; répétable.")
@click.option("--prolonger", is_flag=True, help="OIDC : il peut demander à lire, la personne sortie.")
@click.option(
    "--metadonnees", type=click.File("r", encoding="utf-8"), help="SAML : document remis par l'éditeur (XML)."
)
@click.option("--demandes-nues", is_flag=True, help="SAML : admettre ses demandes sans signature.")
@click.option("--persistant", is_flag=True, help="SAML : lui donner un nom durable de chaque personne.")
@click.option("--chiffree", is_flag=True, help="SAML : chiffrer la réponse pour lui.")
@click.option("--ouvrable", is_flag=True, help="SAML : l'ouvrir aussi de « Mes services ».")
@click.option("--duree", type=int, default=30, help="Vie d'un ticket, en secondes.", show_default=True)
@click.option("--attributs-en-2", is_flag=True, help="Attributs aussi par le protocole 2.0.")
@click.option("--sans-deconnexion", is_flag=True, help="Ne pas le prévenir des sorties.")
@click.option("--du", type=click.DateTime(["%Y-%m-%d"]), callback=_jour, help="Premier jour.")
@click.option("--au", type=click.DateTime(["%Y-%m-%d"]), callback=_jour, help="Dernier jour, compris.")
@option_json
def ajouter(cle: str, en_json: bool, **saisie: Any) -> None:
    """Ouvre un service ; sa déclaration entre au registre. Son secret, s'il en a un, est montré une fois."""
    from ent_core.chargement.services import services_declares
    from ent_core.federation.services import declarer

    with ouvrir() as o, o.base.academie("services tiers : déclaration") as session:
        options, donne = _options(saisie, o.horloge.maintenant())
        declare = _service(cle, saisie, options)
        numero = declarer(
            session, o.horloge, declare, services_declares(o.chargement, o.configuration),
            permis=o.configuration.federation.permis, origine="commande",
        )  # fmt: skip
    if en_json:
        ecrire_json({"id": numero, "cle": cle, **({"secret": donne} if donne else {})})
        return
    click.echo(f"Service « {declare.nom} » ouvert.")
    if donne:
        click.echo(f"Identifiant de client : {cle}\nSecret, montré cette seule fois : {donne}")


def _options(saisie: dict[str, Any], instant: datetime) -> tuple[Any, str]:
    """Options du protocole, et le secret tiré pour le service, s'il en a un."""
    from ent_core.contrat.services import OptionsCas, OptionsOidc
    from ent_core.federation.fournisseur_oidc.clients import nouveau_secret

    if saisie["protocole"] == "cas":
        return OptionsCas(saisie["attributs_en_2"], not saisie["sans_deconnexion"], saisie["duree"]), ""
    if saisie["protocole"] == "saml":
        return _options_saml(saisie, instant), ""
    prouve = saisie["presentation"] != "aucune"
    donne, empreinte = nouveau_secret() if prouve else ("", "")
    recopies = ("retours", "retours_sortie", "avis", "algorithme", "portees", "prolonger")
    options = OptionsOidc(
        **{nom: saisie[nom] for nom in recopies},
        secret=empreinte,
        presentation=saisie["presentation"] if prouve else "basic",
    )
    return options, donne


def _options_saml(saisie: dict[str, Any], instant: datetime) -> Any:
    from ent_core.contrat.services import OptionsSaml
    from ent_core.federation.fournisseur_saml.partenaire import reduire

    document = saisie["metadonnees"].read() if saisie["metadonnees"] else ""
    return OptionsSaml(
        reduire(document, instant), not saisie["demandes_nues"], saisie["persistant"], saisie["chiffree"],
        saisie["ouvrable"],
    )  # fmt: skip


def _service(cle: str, saisie: dict[str, Any], options: Any) -> Any:
    from ent_core.contrat.donnees import BaseLegale
    from ent_core.contrat.roles import Profil
    from ent_core.contrat.services import ServiceTiers
    from ent_core.socle.erreurs import DonneeInvalide

    try:
        base = BaseLegale[saisie["base"]]
        profils = frozenset(Profil(profil) for profil in saisie["profils"])
    except (KeyError, ValueError) as erreur:
        raise DonneeInvalide(
            "base légale ou profil inconnu.",
            remede=f"bases : {', '.join(b.name for b in BaseLegale)} ; profils : {', '.join(Profil)}.",
        ) from erreur
    return ServiceTiers(
        **{nom: saisie[nom] for nom in ("nom", "adresse", "finalite", "destinataire", "contact", "gabarit")},
        cle=cle,
        profils=profils,
        base=base,
        attributs=saisie["attributs"],
        etablissements=tuple(uai.upper() for uai in saisie["uais"]),
        options=options,
        debut=saisie["du"],
        fin=saisie["au"] + timedelta(days=1) if saisie["au"] else None,
    )


@service.command()
@click.argument("cle")
@click.argument("document", type=click.File("r", encoding="utf-8"))
@option_json
def metadonnees(cle: str, document: Any, en_json: bool) -> None:
    """Remplace les métadonnées d'un service SAML, quand l'éditeur change de certificat ou d'adresse."""
    from ent_core.federation import services

    with ouvrir() as o, o.base.academie("services tiers : métadonnées") as session:
        services.changer_metadonnees(
            session, o.horloge, cle, document.read(), permis=o.configuration.federation.permis, acteur=None,
            uai=None,
        )  # fmt: skip
    if en_json:
        ecrire_json({"remplace": cle})
        return
    click.echo(f"Service « {cle} » : métadonnées remplacées.")


@service.command()
@click.argument("cle")
@option_json
def retirer(cle: str, en_json: bool) -> None:
    """Retire un service déclaré par une page ou une commande ; sa ligne reste, comme preuve."""
    from ent_core.federation import services

    with ouvrir() as o, o.base.academie("services tiers : retrait") as session:
        services.retirer(session, o.horloge, cle, acteur=None, uai=None)
    if en_json:
        ecrire_json({"retire": cle})
        return
    click.echo(f"Service « {cle} » retiré.")


@sso.command()
@click.argument("cle")
@click.argument("identifiant")
@option_json
def apercu(cle: str, identifiant: str, en_json: bool) -> None:
    """Écrit la réponse exacte qu'un service recevrait d'une personne ; le journal le garde."""
    from ent_core.chargement.services import services_declares
    from ent_core.donnees.connexion import cle_secrete
    from ent_core.federation import apercu as apercus
    from ent_core.federation.cas.reponses import Reussite, en_xml
    from ent_core.federation.services import connus
    from ent_core.identite.secrets import Coffre
    from ent_core.socle.erreurs import Introuvable

    with ouvrir() as o, o.base.academie("services tiers : aperçu") as session:
        trouves = connus(session, services_declares(o.chargement, o.configuration))
        connu = next((c for c in trouves if c.service.cle == cle), None)
        if connu is None:
            raise Introuvable(
                "ce service n'est pas déclaré.", remede="« ent sso service lister » les montre."
            )
        coffre = Coffre(cle_secrete(o.configuration))
        vu = apercus.apercu(
            session, o.horloge, coffre, connu.service, identifiant, uai=None, acteur=None,
            emetteur=o.configuration.courriel.adresse_ent.rstrip("/"),
        )  # fmt: skip
    if vu.assertion and not en_json:
        click.echo(vu.assertion)
        return
    if vu.jetons:
        ecrire_json({"uai": vu.uai, "profil": vu.profil, **vu.jetons})
        return
    if en_json:
        ecrire_json({"principal": vu.dit.principal, "uai": vu.uai, "profil": vu.profil, **_attributs(vu)})
        return
    click.echo(en_xml(Reussite(vu.dit.principal, vu.dit.attributs)).decode())


def _attributs(vu: Any) -> dict[str, Any]:
    return {"attributs": {nom: list(valeurs) for nom, valeurs in vu.dit.attributs.items()}}

"""``ent sso fournisseurs`` et ``ent sso essayer`` : par qui l'on entre, et si cela marcherait."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import click

from ent_core.cli.ouverture import lire_configuration
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.socle.erreurs import ErreurEnt, Introuvable

if TYPE_CHECKING:
    from ent_core.contrat.fournisseurs import Fournisseur
    from ent_core.socle.calendrier import Horloge

__all__ = ["essayer", "fournisseurs"]

_ECART = 30


@click.command()
@option_json
def fournisseurs(en_json: bool) -> None:
    """Liste les fournisseurs d'identité déclarés, sans leur secret."""
    declares, _ = _declares()
    ecrire_tableau(
        "Fournisseurs d'identité",
        ("cle", "nom", "protocole", "emetteur", "publics", "etablissements", "secret"),
        [
            (
                cle, f.nom, f.protocole, f.emetteur, ", ".join(f.publics),
                ", ".join(f.etablissements) or "tous", "donné" if f.secret else "aucun",
            )
            for cle, f in declares.items()
        ],
        en_json=en_json,
        vide="Aucun fournisseur : on entre par un identifiant de l'ENT.",
    )  # fmt: skip


@click.command()
@click.argument("cle")
@click.option("--adresse", default="", help="Adresse publique de l'ENT ; par défaut [courriel] adresse_ent.")
@option_json
def essayer(cle: str, adresse: str, en_json: bool) -> None:
    """Joint un fournisseur, vérifie ce qu'il publie, et écrit ce qu'il faut lui donner.

    Sort avec le code 3 si une vérification échoue. Aucun secret n'est écrit.
    """
    declares, adresse_ent = _declares()
    declare, horloge = declares.get(cle), HorlogeSysteme()
    racine = (adresse or adresse_ent).rstrip("/")
    if declare is None:
        raise Introuvable(
            "ce fournisseur n'est pas déclaré.", remede="« ent sso fournisseurs » les liste.", lieu=cle
        )
    controles = _controler(cle, declare, horloge)
    a_donner = _a_donner(cle, declare, racine or "https://ADRESSE-DE-L-ENT")
    if en_json:
        ecrire_json({"controles": [{"nom": n, "bien": b, "dit": d} for n, b, d in controles], **a_donner})
    else:
        for nom, bien, dit in controles:
            click.echo(f"{'bien' if bien else 'MAL ':4}  {nom} : {dit}")
        click.echo("\nÀ donner au fournisseur :")
        for nom, valeur in a_donner.items():
            click.echo(f"  {nom} : {valeur}")
    if not all(bien for _, bien, _ in controles):
        sys.exit(3)


def _declares() -> tuple[dict[str, Fournisseur], str]:
    """Fournisseurs déclarés, et adresse publique de l'ENT ; la base n'est pas ouverte."""
    from ent_core.chargement.decouverte import charger
    from ent_core.chargement.entrees import controler_entrees, fournisseurs_de
    from ent_core.chargement.verification import exiger_sans_erreur

    configuration = lire_configuration()
    chargement = charger(configuration.briques.chargees)
    exiger_sans_erreur(controler_entrees(chargement, configuration))
    return fournisseurs_de(chargement, configuration), configuration.courriel.adresse_ent


def _controler(cle: str, declare: Fournisseur, horloge: Horloge) -> list[tuple[str, bool, str]]:
    """Chaque vérification, dans l'ordre ; la première qui échoue dit pourquoi."""
    from ent_core.federation.client_http import envoyer
    from ent_core.federation.client_oidc.client import ClientOidc

    faits: list[tuple[str, bool, str]] = []
    try:
        if declare.protocole == "saml":
            return _metadonnees(declare, horloge)
        reponse = envoyer("GET", declare.emetteur, autorises=declare.hotes_internes)
        faits.append(_heure(reponse.entetes.get("date", ""), horloge))
        if declare.protocole == "oidc":
            client = ClientOidc(cle, declare, horloge)
            adresses = client.meta()
            faits.append(("découverte", True, "il se nomme comme déclaré, ses adresses sont chez lui"))
            faits.append(_cles(client.relire_les_cles(), declare))
            faits.append(("déconnexion", True, adresses.sortie or "il n'en propose pas"))
            faits.append(_preuve_partagee(declare))
        else:
            faits.append(("serveur CAS", reponse.statut < 500, f"il répond ({reponse.statut})"))
    except ErreurEnt as erreur:
        faits.append(("réponse", False, f"{erreur.message} {erreur.remede}"))
    return faits


def _metadonnees(declare: Fournisseur, horloge: Horloge) -> list[tuple[str, bool, str]]:
    """Un fournisseur SAML ne se joint que par un navigateur : on contrôle ce qui est ici."""
    from pathlib import Path

    from ent_core.federation.saml.partenaire import lire_metadonnees

    partenaire = lire_metadonnees(Path(declare.metadonnees), declare.emetteur)
    terme = partenaire.valide_jusqu_a
    declares = (
        declare.cle_fichier, declare.certificat_fichier, declare.cle_suivante_fichier,
        declare.certificat_suivant_fichier,
    )  # fmt: skip
    absents = [f for f in declares if f and not Path(f).is_file()]
    return [
        ("métadonnées", not partenaire.perime(horloge.maintenant()),
         f"valent jusqu'au {terme:%d/%m/%Y}" if terme else "n'expirent pas"),
        ("certificats", True, f"{len(partenaire.certificats)} publié(s)"),
        ("déconnexion", True, partenaire.sortie or "il n'en publie pas l'adresse"),
        ("clés de cet ENT", not absents, ", ".join(absents) + " manque" if absents else "présentes"),
        ("xmlsec1", bool(shutil.which("xmlsec1")), shutil.which("xmlsec1") or "apt-get install xmlsec1"),
    ]  # fmt: skip


def _heure(date_recue: str, horloge: Horloge) -> tuple[str, bool, str]:
    try:
        chez_lui = parsedate_to_datetime(date_recue)
    except ValueError:
        return "heure", True, "il ne la dit pas"
    ecart = abs((horloge.maintenant() - _en_utc(chez_lui)).total_seconds())
    return "heure", ecart <= _ECART, f"{ecart:.0f} s d'écart ; {_ECART} sont admises"


def _en_utc(lue: datetime) -> datetime:
    return lue if lue.tzinfo else lue.replace(tzinfo=UTC)


def _cles(document: dict[str, object], declare: Fournisseur) -> tuple[str, bool, str]:
    publiees = document.get("keys")
    sortes = (
        {str(c.get("kty")) for c in publiees if isinstance(c, dict)} if isinstance(publiees, list) else set()
    )
    voulues = {
        {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": ""}[a[:2]] for a in declare.algorithmes
    }
    bien = bool(sortes & voulues) or "" in voulues
    return (
        "clés",
        bien,
        f"publie {', '.join(sorted(sortes)) or 'rien'} ; admis : {', '.join(declare.algorithmes)}",
    )


def _preuve_partagee(declare: Fournisseur) -> tuple[str, bool, str]:
    if declare.secret:
        return "secret", True, f"donné, présenté par {declare.authentification}"
    return "secret", declare.pkce, "aucun : PKCE seul" if declare.pkce else "aucun, et PKCE est désactivé"


def _a_donner(cle: str, declare: Fournisseur, racine: str) -> dict[str, str]:
    if declare.protocole == "cas":
        return {"adresse du service": f"{racine}/entree/{cle}/retour"}
    if declare.protocole == "saml":
        metadonnees = f"{racine}/entree/{cle}/metadonnees"
        return {
            "métadonnées": metadonnees,
            "entityID": declare.client or metadonnees,
            "adresse de retour": f"{racine}/entree/{cle}/retour",
            "adresse d'annonce de sortie": f"{racine}/entree/{cle}/sortie",
        }
    return {
        "adresse de retour": f"{racine}/entree/{cle}/retour",
        "adresse après déconnexion": f"{racine}/connexion",
        "adresse d'annonce de sortie": f"{racine}/entree/{cle}/sortie",
        "identifiant": declare.client,
        "portées": " ".join(declare.portees),
        "signature": ", ".join(declare.algorithmes),
    }

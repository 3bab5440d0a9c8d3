"""``ent sso cles`` et ``ent sso secret`` : ce qui signe les jetons, et ce que présentent les services."""

from __future__ import annotations

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json

__all__ = ["cles", "secret"]


@click.group(cls=Groupe)
def cles() -> None:
    """Les clés qui signent les jetons donnés aux services OpenID Connect."""


@cles.command()
@option_json
def lister(en_json: bool) -> None:
    """Liste les clés gardées ; une clé remplacée se publie encore deux jours."""
    from ent_core.federation.fournisseur_oidc.cles import lister as lire

    with ouvrir() as o, o.base.academie("services tiers : clés") as session:
        gardees = lire(session)
    ecrire_tableau(
        "Clés de signature",
        ("kid", "algorithme", "cree_le", "remplacee_le"),
        [(c.kid, c.algorithme, c.cree_le, c.remplacee_le or "") for c in gardees],
        en_json=en_json,
        vide="Aucune clé : la première se tire à la première demande.",
    )


@cles.command()
@option_json
def tourner(en_json: bool) -> None:
    """Met des clés neuves en service ; les jetons déjà donnés se vérifient encore."""
    from ent_core.donnees.connexion import cle_secrete
    from ent_core.federation.fournisseur_oidc.cles import tourner as remplacer
    from ent_core.identite.secrets import Coffre

    with ouvrir() as o, o.base.academie("services tiers : clés") as session:
        noms = remplacer(session, o.horloge, Coffre(cle_secrete(o.configuration)))
    if en_json:
        ecrire_json({"kid": list(noms)})
        return
    click.echo(f"Clés en service : {', '.join(noms)}. Les anciennes se publient encore deux jours.")


@click.command()
@option_json
def secret(en_json: bool) -> None:
    """Tire un secret pour un service du fichier, et l'empreinte à y écrire. Rien n'est gardé."""
    from ent_core.federation.fournisseur_oidc.clients import nouveau_secret

    tire, empreinte = nouveau_secret()
    if en_json:
        ecrire_json({"secret": tire, "empreinte": empreinte})
        return
    click.echo(f"À donner au service, une fois : {tire}\nÀ écrire dans le fichier (secret) : {empreinte}")

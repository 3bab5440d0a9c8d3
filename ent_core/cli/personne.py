"""``ent personne`` : chercher, ouvrir des comptes, nommer un administrateur, mettre un compte en sécurité."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.cli.ouverture import Ouverture, ouvrir
from ent_core.cli.sortie import ecrire_tableau, option_json
from ent_core.contrat.roles import Role
from ent_core.donnees.connexion import cle_secrete
from ent_core.identite import annuaire, comptes
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, Etablissement, Personne
from ent_core.identite.secrets import Coffre
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["personne"]

_LOCAUX = (Role.ADMINISTRATEUR_ACADEMIQUE, Role.ADMINISTRATEUR_FONCTIONNEL, Role.ADMINISTRATEUR_TECHNIQUE,
           Role.DPD)  # fmt: skip


@click.group()
def personne() -> None:
    """Les personnes et leurs comptes."""


@personne.command()
@click.argument("texte")
@click.option("--etablissement", "uai", help="Limiter à un établissement.")
@option_json
def chercher(texte: str, uai: str | None, en_json: bool) -> None:
    """Cherche par nom et prénom, sans accent, dans n'importe quel ordre."""
    with _academie("chercher une personne") as (ouverture, session):
        jour = ouverture.horloge.aujourd_hui()
        trouvees = annuaire.chercher(session, texte, uai=uai, jour=jour, annee=annee_scolaire(jour))
        lignes = [
            (str(p.id), p.nom, p.prenom, ", ".join(sorted({f"{t.uai} {t.profil}" for t in p.titres})))
            for p in trouvees.personnes
        ]
    ecrire_tableau(
        "Personnes", ("id", "nom", "prenom", "rattachements"), lignes, en_json=en_json,
        vide="Personne ne répond à ce nom.",
    )  # fmt: skip


@personne.command("creer-comptes")
@click.option("--etablissement", "uai", help="Limiter à un établissement.")
def creer_comptes(uai: str | None) -> None:
    """Crée le compte de chaque personne rattachée qui n'en a pas."""
    with _academie("créer des comptes") as (ouverture, session):
        nombre = comptes.creer_comptes_manquants(session, ouverture.horloge, uai)
    click.echo(f"{nombre} compte(s) créé(s).")


@personne.command("code")
@click.argument("identifiant")
@click.option("--etablissement", "uai", required=True, help="Établissement qui remet le code.")
def code(identifiant: str, uai: str) -> None:
    """Donne un code d'activation neuf ; il n'est montré qu'une fois."""
    with _academie("émettre un code") as (ouverture, session):
        compte = _compte(session, identifiant)
        coffre = Coffre(cle_secrete(ouverture.configuration))
        fiches = list(
            comptes.emettre_codes(session, ouverture.horloge, coffre, uai, personne=compte.personne_id)
        )
    if not fiches:
        raise Introuvable(
            "ce compte n'attend pas de code dans cet établissement.",
            remede="« ent personne securiser » efface le mot de passe et permet d'en donner un.",
        )
    click.echo(f"Identifiant : {fiches[0].identifiant}\nCode : {fiches[0].code}")


@personne.command()
@click.argument("identifiant")
def securiser(identifiant: str) -> None:
    """Ferme toutes les sessions d'un compte et efface son mot de passe."""
    with _academie("mettre un compte en sécurité") as (ouverture, session):
        comptes.mettre_en_securite(session, ouverture.horloge, _compte(session, identifiant).id)
    click.echo("Le compte est en sécurité. Un nouveau code est nécessaire pour y revenir.")


@personne.command()
@click.argument("nom")
@click.argument("prenom")
@click.option("--service", "uai", required=True, help="UAI du service ou de l'établissement.")
@click.option(
    "--role", type=click.Choice([r.value for r in _LOCAUX]), default=_LOCAUX[0].value, show_default=True
)
def administrateur(nom: str, prenom: str, uai: str, role: str) -> None:
    """Crée une personne, lui donne un rôle local et un compte, et montre son code une seule fois."""
    if not nom.strip() or not prenom.strip():
        raise DonneeInvalide("le nom ou le prénom manque.", remede="donner les deux.")
    with _academie("nommer un administrateur") as (ouverture, session):
        creer_administrateur(session, ouverture, nom.strip(), prenom.strip(), uai.upper(), role)
        coffre = Coffre(cle_secrete(ouverture.configuration))
        personne_id = session.scalars(
            select(RoleLocal.personne_id).where(RoleLocal.uai == uai.upper()).order_by(RoleLocal.id.desc())
        ).first()
        fiche = next(
            comptes.emettre_codes(session, ouverture.horloge, coffre, uai.upper(), personne=personne_id), None
        )
    if fiche:
        click.echo(f"Identifiant : {fiche.identifiant}\nCode : {fiche.code} (à usage unique, 90 jours)")


def creer_administrateur(
    session: Session, ouverture: Ouverture, nom: str, prenom: str, uai: str, role: str
) -> UUID:
    """Crée une personne avec un rôle local et un compte à activer.

    :param session: session de l'académie.
    :param ouverture: instance ouverte.
    :param nom: nom d'usage.
    :param prenom: prénom.
    :param uai: service ou établissement.
    :param role: rôle local.
    :raises Introuvable: établissement inconnu.
    """
    if session.get(Etablissement, uai) is None:
        raise Introuvable(
            f"l'établissement {uai} est inconnu.", remede="« ent etablissement creer-service »."
        )
    creee = Personne(nom=nom, prenom=prenom)
    session.add(creee)
    session.flush()
    session.add(RoleLocal(uai=uai, personne_id=creee.id, role=role, debut=ouverture.horloge.aujourd_hui()))
    session.flush()
    comptes.creer_comptes_manquants(session, ouverture.horloge, uai)
    consigner(
        session, ouverture.horloge, "role.attribue", uai=uai, objet=str(creee.id), details={"role": role}
    )
    return creee.id


@contextmanager
def _academie(acte: str) -> Iterator[tuple[Ouverture, Session]]:
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : {acte}") as session:
        yield ouverture, session


def _compte(session: Session, identifiant: str) -> Compte:
    trouve = session.scalars(
        select(Compte).where(Compte.identifiant == comptes.normaliser_identifiant(identifiant))
    ).one_or_none()
    if trouve is None:
        raise Introuvable(
            "aucun compte n'a cet identifiant.", remede="« ent personne chercher » aide à le trouver."
        )
    return trouve

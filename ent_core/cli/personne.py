"""``ent personne`` : chercher, ouvrir des comptes, nommer un administrateur, sécuriser, fusionner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.fusion import FusionComplete, fusionner
from ent_core.cli import droits
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir, uai_saisi
from ent_core.cli.sortie import dire, ecrire_json, ecrire_tableau, option_json
from ent_core.contrat.roles import LIBELLES_PROFILS, Role
from ent_core.donnees.connexion import cle_secrete
from ent_core.identite import annuaire, comptes
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, Etablissement, Personne
from ent_core.identite.secrets import Coffre
from ent_core.messages.securite import prevenir_d_un_nouveau_code
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["personne"]

_LOCAUX = (Role.ADMINISTRATEUR_ACADEMIQUE, Role.ADMINISTRATEUR_FONCTIONNEL, Role.ADMINISTRATEUR_TECHNIQUE,
           Role.DPD, Role.ARCHIVISTE)  # fmt: skip


@click.group(cls=Groupe)
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
        dits = {} if en_json else LIBELLES_PROFILS
        lignes = [
            (
                p.id,
                p.nom,
                p.prenom,
                ", ".join(sorted({f"{t.uai} {dits.get(t.profil, t.profil)}" for t in p.titres})),
            )
            for p in trouvees.personnes
        ]
    ecrire_tableau(
        "Personnes", ("id", "nom", "prenom", "rattachements"), lignes, en_json=en_json,
        vide="Personne ne répond à ce nom.",
    )  # fmt: skip


@personne.command("creer-comptes")
@click.option("--etablissement", "uai", callback=uai_saisi, help="Limiter à un établissement.")
@option_json
def creer_comptes(uai: str | None, en_json: bool) -> None:
    """Crée le compte de chaque personne rattachée qui n'en a pas."""
    with _academie("créer des comptes") as (ouverture, session):
        nombre = comptes.creer_comptes_manquants(session, ouverture.horloge, uai)
    dire(f"{nombre} compte(s) créé(s).", en_json, crees=nombre)


@personne.command("code")
@click.argument("identifiant")
@click.option(
    "--etablissement", "uai", required=True, callback=uai_saisi, help="Établissement qui remet le code."
)
@option_json
def code(identifiant: str, uai: str, en_json: bool) -> None:
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
    fiche = fiches[0]
    dire(
        f"Identifiant : {fiche.identifiant}\nCode : {fiche.code}",
        en_json, identifiant=fiche.identifiant, code=fiche.code,
    )  # fmt: skip


@personne.command()
@click.argument("identifiant")
@option_json
def securiser(identifiant: str, en_json: bool) -> None:
    """Ferme toutes les sessions d'un compte et efface son mot de passe."""
    with _academie("mettre un compte en sécurité") as (ouverture, session):
        vise = _compte(session, identifiant)
        comptes.mettre_en_securite(session, ouverture.horloge, vise.id)
        jour = ouverture.horloge.aujourd_hui()
        siens = annuaire.titres(session, [vise.personne_id], None, jour).get(vise.personne_id, ())
    if siens:
        with ouvrir() as ouverture, ouverture.base.ecole(siens[0].uai, "commande : prévenir") as session:
            prevenir_d_un_nouveau_code(session, [vise.personne_id])
    dire(
        "Le compte est en sécurité. Un nouveau code est nécessaire pour y revenir.",
        en_json, identifiant=identifiant, en_securite=True,
    )  # fmt: skip


@personne.command("fusionner")
@click.argument("gardee", type=click.UUID)
@click.argument("absorbee", type=click.UUID)
@click.option("--simulation", is_flag=True, help="Dire ce qui serait fait, sans rien changer.")
@option_json
def fusionner_(gardee: UUID, absorbee: UUID, simulation: bool, en_json: bool) -> None:
    """Réunit deux fiches d'une même personne : tout passe à GARDEE, ABSORBEE disparaît. Sans retour.

    « ent personne chercher » donne les identifiants. Commencer par --simulation.
    """
    with _academie("fusionner deux fiches") as (ouverture, session):
        noms = {p.id: p for p in session.scalars(select(Personne).where(Personne.id.in_([gardee, absorbee])))}
        dits = {cle: f"{p.prenom or ''} {p.nom}".strip() for cle, p in noms.items()}
        faite = fusionner(session, ouverture.horloge, ouverture.relais, garde=gardee, absorbee=absorbee)
        if simulation:
            session.rollback()
    if en_json:
        ecrire_json(_fusion_en_json(faite, simulation=simulation))
        return
    noyau = faite.noyau
    click.echo("Simulation : rien n'est changé." if simulation else "Les deux fiches n'en font plus qu'une.")
    click.echo(f"  gardée    {gardee}  {dits[gardee]}")
    click.echo(f"  absorbée  {absorbee}  {dits[absorbee]}")
    click.echo(f"Comptes : {noyau.compte}.")
    if noyau.identifiant:
        click.echo(f"Identifiant de connexion : {noyau.identifiant} ; {noyau.sessions} session(s) fermée(s).")
    par_brique = {
        f"{brique}, {nom}": n for brique, b in faite.briques.items() for nom, n in b.comptes.items()
    }
    lignes = sorted({**noyau.lignes, **par_brique}.items())
    ecrire_tableau(
        "Lignes reportées", ("table", "lignes"), lignes, en_json=False, vide="Aucune ligne à reporter."
    )


def _fusion_en_json(faite: FusionComplete, *, simulation: bool) -> dict[str, object]:
    noyau = faite.noyau
    return {
        "simulation": simulation,
        "gardee": noyau.garde,
        "absorbee": noyau.absorbee,
        "compte": noyau.compte.name.lower(),
        "identifiant": noyau.identifiant,
        "sessions_fermees": noyau.sessions,
        "lignes": dict(noyau.lignes),
        "briques": {brique: dict(bilan.comptes) for brique, bilan in faite.briques.items()},
    }


@personne.command()
@click.argument("nom")
@click.argument("prenom")
@click.option("--service", "uai", required=True, help="UAI du service ou de l'établissement.")
@click.option(
    "--role", type=click.Choice([r.value for r in _LOCAUX]), default=_LOCAUX[0].value, show_default=True
)
@option_json
def administrateur(nom: str, prenom: str, uai: str, role: str, en_json: bool) -> None:
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
        dire(
            f"Identifiant : {fiche.identifiant}\nCode : {fiche.code} (à usage unique, 90 jours)",
            en_json, identifiant=fiche.identifiant, code=fiche.code,
        )  # fmt: skip


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


for _commande in droits.COMMANDES:
    personne.add_command(_commande)

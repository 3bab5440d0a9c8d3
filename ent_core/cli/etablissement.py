"""``ent etablissement`` : lister, voir, créer un service académique."""

from __future__ import annotations

import click
from sqlalchemy import func, select

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.prealables import prealables
from ent_core.cli.sortie import dire, ecrire_json, ecrire_tableau, option_json
from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.modeles import Division, Etablissement, Rattachement
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["etablissement"]


@click.group(cls=Groupe)
def etablissement() -> None:
    """Les établissements."""


etablissement.add_command(prealables)


@etablissement.command()
@option_json
def lister(en_json: bool) -> None:
    """Liste les établissements, leurs divisions et les briques ouvertes ce jour."""
    with ouvrir() as ouverture, ouverture.base.academie("commande : lister les établissements") as session:
        jour = ouverture.horloge.aujourd_hui()
        divisions = dict(
            session.execute(
                select(Division.uai, func.count())
                .where(Division.annee == annee_scolaire(jour), Division.ferme_le.is_(None))
                .group_by(Division.uai)
            )
            .tuples()
            .all()
        )
        trouves = session.scalars(select(Etablissement).order_by(Etablissement.uai)).all()
        decisions = ouverture.activation.decisions_de(session, [e.uai for e in trouves], jour)
        lignes = [
            (e.uai, e.nom, e.ville, divisions.get(e.uai, 0),
             ", ".join(sorted(cle for cle, d in decisions[e.uai].items() if d.ouverte)))
            for e in trouves
        ]  # fmt: skip
    ecrire_tableau(
        "Établissements", ("uai", "nom", "ville", "divisions", "briques"), lignes, en_json=en_json,
        vide="Aucun établissement : importer un annuaire avec « ent importer aaf ».",
    )  # fmt: skip


@etablissement.command()
@click.argument("uai")
@option_json
def voir(uai: str, en_json: bool) -> None:
    """Montre un établissement et le nombre de personnes rattachées, par profil."""
    with ouvrir() as ouverture, ouverture.base.academie("commande : voir un établissement") as session:
        trouve = session.get(Etablissement, uai.upper())
        if trouve is None:
            raise Introuvable(
                f"l'établissement {uai} est inconnu.", remede="« ent etablissement lister » les montre tous."
            )
        jour = ouverture.horloge.aujourd_hui()
        profils = (
            session.execute(
                select(Rattachement.profil, func.count(Rattachement.personne_id.distinct()))
                .where(
                    Rattachement.uai == trouve.uai,
                    en_vigueur(Rattachement, jour),
                )
                .group_by(Rattachement.profil)
                .order_by(Rattachement.profil)
            )
            .tuples()
            .all()
        )
        decisions = ouverture.activation.decisions(session, trouve.uai, jour)
        en_attente = ouverture.activation.etat(session, trouve.uai, jour).en_attente
    if en_json:
        ecrire_json(
            {"uai": trouve.uai, "nom": trouve.nom, "ville": trouve.ville, "personnes": dict(profils),
             "briques": {cle: d.ouverte for cle, d in decisions.items()}, "en_attente": sorted(en_attente)}
        )  # fmt: skip
        return
    click.echo(f"{trouve.nom} ({trouve.uai}){', ' + trouve.ville if trouve.ville else ''}")
    for profil, nombre in profils:
        click.echo(f"  {nombre:>6}  {LIBELLES_PROFILS.get(profil, profil)}")
    for cle, decision in sorted(decisions.items()):
        etat = "ouverte" if decision.ouverte else "fermée"
        attente = ", en attente de ses préalables" if cle in en_attente else ""
        click.echo(f"  brique {cle} : {etat}{attente} ({decision.niveau}, {decision.origine})")


@etablissement.command("creer-service")
@click.argument("uai")
@click.argument("nom")
@option_json
def creer_service(uai: str, nom: str, en_json: bool) -> None:
    """Crée un service académique (rectorat, direction départementale) pour ses administrateurs."""
    code = uai.upper()
    if len(code) != 8 or not code[:7].isdigit() or not code[7].isalpha():
        raise DonneeInvalide(
            f"« {uai} » n'a pas la forme d'un code UAI.", remede="sept chiffres et une lettre."
        )
    with ouvrir() as ouverture, ouverture.base.academie("commande : créer un service") as session:
        if session.get(Etablissement, code) is None:
            session.add(Etablissement(uai=code, nom=nom, degre=0))
    dire(
        f"{nom} ({code}) est prêt : « ent personne administrateur » y nomme un administrateur.",
        en_json, uai=code, nom=nom,
    )  # fmt: skip

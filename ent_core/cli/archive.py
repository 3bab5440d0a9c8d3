"""``ent archive`` : état, recherche, demandes de consultation, versements et leur acquittement."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir, uai_saisi
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.socle.erreurs import Introuvable, OperationRefusee

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ent_core.vie_privee.archive.modeles import DemandeArchive

__all__ = ["archive"]

_PAR = click.option("--par", "identifiant", required=True, help="Identifiant du compte de qui agit.")
_ETABLISSEMENT = click.option("--etablissement", "uai", callback=uai_saisi, help="Un établissement.")
_TRAITEMENT = click.option("--traitement", help="Une série, par la clé de son traitement.")
_ANNEE = click.option("--annee", type=int, help="Une année scolaire, par sa première année civile.")


@click.group(cls=Groupe)
def archive() -> None:
    """L'archive intermédiaire : ce qui n'est plus courant, à part, lu sur demande."""


@archive.command("etat")
@_ETABLISSEMENT
@option_json
def etat_(uai: str | None, en_json: bool) -> None:
    """Ce que l'archive garde, par série et par année, et les versements. Aucun nom."""
    from ent_core.vie_privee.archive.lecture import Criteres, series
    from ent_core.vie_privee.archive.versement import lister

    with ouvrir() as ouverture, ouverture.base.academie("archive : état") as session:
        gardees = series(session, Criteres(uai=uai), ouverture.horloge.aujourd_hui())
        versements = [
            {
                "id": v.id, "uai": v.uai, "traitement": v.traitement, "unites": v.nombre,
                "verse_le": v.verse_le, "acquitte_le": v.acquitte_le, "reference": v.reference,
            }
            for v in lister(session, uai)
        ]  # fmt: skip
    noms = (
        "uai", "traitement", "annee", "sort", "autorite", "nombre", "premiere", "derniere", "dues", "versees",
    )  # fmt: skip
    lignes = [[getattr(serie, nom) for nom in noms] for serie in gardees]
    if en_json:
        ecrire_json({"series": [dict(zip(noms, li, strict=True)) for li in lignes], "versements": versements})
        return
    ecrire_tableau("Archive intermédiaire", noms, lignes, en_json=False, vide="L'archive est vide.")
    if versements:
        ecrire_tableau(
            "Versements", tuple(versements[0]), [list(v.values()) for v in versements], en_json=False, vide=""
        )


@archive.command("chercher")
@_ETABLISSEMENT
@click.option("--personne", type=click.UUID, help="Une personne, par son identifiant.")
@_TRAITEMENT
@_ANNEE
@option_json
def chercher_(
    uai: str | None, personne: UUID | None, traitement: str | None, annee: int | None, en_json: bool
) -> None:
    """Cherche dans l'index : ce que l'archive garde, sans rien en ouvrir."""
    from ent_core.vie_privee.archive.lecture import Criteres, chercher
    from ent_core.vie_privee.archive.lieu import archive_exigee

    noms = ("id", "uai", "traitement", "annee", "entree_le", "echeance", "sort", "autorite")
    with ouvrir() as ouverture, ouverture.base.academie("archive : chercher") as session:
        jeton = archive_exigee(session).jeton(personne) if personne else None
        trouvees = chercher(session, Criteres(uai, jeton, traitement, annee))
        lignes = [[getattr(unite, nom) for nom in noms] for unite in trouvees]
    ecrire_tableau("Unités", noms, lignes, en_json=en_json, vide="L'archive n'a rien qui réponde.")


@archive.command("demander")
@click.option(
    "--etablissement", "uai", required=True, callback=uai_saisi, help="Établissement dont l'archive est lue."
)
@click.option("--personne", type=click.UUID, help="Personne concernée ; à défaut, une série.")
@_TRAITEMENT
@_ANNEE
@click.option("--motif", required=True, help="Pourquoi, en une phrase.")
@click.option("--heures", type=click.IntRange(1, 72), default=24, show_default=True, help="Durée.")
@_PAR
@option_json
def demander_(
    uai: str, personne: UUID | None, traitement: str | None, annee: int | None, motif: str, heures: int,
    identifiant: str, en_json: bool,
) -> None:  # fmt: skip
    """Demande à lire ; une autre personne décidera."""
    from ent_core.vie_privee.archive.acces import demander

    with ouvrir() as ouverture, ouverture.base.academie("archive : demander") as session:
        par, ici = _qui(ouverture, session, identifiant)
        _a_portee(ici, uai)
        demande = demander(
            session, ouverture.horloge, uai, par=par, motif=motif, heures=heures, personne=personne,
            traitement=traitement, annee=annee,
        )  # fmt: skip
        _dire(ouverture, demande, en_json=en_json)


@archive.command("approuver")
@click.argument("demande", type=click.UUID)
@click.option("--refuser", "motif", help="Refuser, pour ce motif.")
@_PAR
@option_json
def approuver_(demande: UUID, motif: str | None, identifiant: str, en_json: bool) -> None:
    """Accorde la demande d'une autre personne, ou la refuse."""
    from ent_core.chargement.archive import PERMISSION_DECIDER
    from ent_core.vie_privee.archive.acces import accorder, refuser

    with ouvrir() as ouverture, ouverture.base.academie("archive : décider") as session:
        par, ici = _qui(ouverture, session, identifiant, PERMISSION_DECIDER)
        if motif is None:
            decidee = accorder(session, ouverture.horloge, ici, demande, par=par)
        else:
            decidee = refuser(session, ouverture.horloge, ici, demande, par=par, motif=motif)
        _dire(ouverture, decidee, en_json=en_json)


@archive.command("lire")
@click.argument("demande", type=click.UUID)
@_PAR
@option_json
def lire_(demande: UUID, identifiant: str, en_json: bool) -> None:
    """Lit ce qu'une demande accordée permet ; la lecture s'inscrit au journal."""
    from ent_core.vie_privee.archive.acces import consulter

    with ouvrir() as ouverture, ouverture.base.academie("archive : lire") as session:
        par, ici = _qui(ouverture, session, identifiant)
        lues: list[dict[str, Any]] = [
            {
                "unite": lue.unite.id, "annee": lue.unite.annee, "traitement": lue.unite.traitement,
                "tables": lue.contenu.tables if lue.contenu else None,
            }
            for lue in consulter(session, ouverture.horloge, ici, demande, par=par)
        ]  # fmt: skip
    if en_json:
        ecrire_json(lues)
        return
    for lue in lues:
        click.echo(f"{lue['traitement']}, {lue['annee']}, unité {lue['unite']}")
        if lue["tables"] is None:
            click.echo("  effacée : sa clé n'est plus dans le coffre.")
            continue
        for nom, table in lue["tables"].items():
            for ligne in table["lignes"]:
                dit = ", ".join(f"{table['colonnes'][c]['libelle']} : {v}" for c, v in ligne.items() if v)
                click.echo(f"  {nom} : {dit}")


@archive.command("verser")
@click.option("--etablissement", "uai", required=True, callback=uai_saisi, help="Établissement qui verse.")
@click.option("--traitement", required=True, help="Série versée, par la clé de son traitement.")
@click.option(
    "--vers", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier ZIP à écrire."
)
@_PAR
@option_json
def verser_(uai: str, traitement: str, vers: Path, identifiant: str, en_json: bool) -> None:
    """Écrit le paquet de ce qui est dû aux archives. Rien n'est éliminé avant leur acquittement."""
    from ent_core.vie_privee.archive.versement import verser_aux_archives

    if vers.exists():
        raise OperationRefusee("ce fichier existe déjà.", remede="donner un autre nom.", lieu=str(vers))
    brouillon = vers.with_name(f".{vers.name}.tmp")
    try:
        with ouvrir() as ouverture, ouverture.base.academie("archive : verser") as session:
            par, ici = _qui(ouverture, session, identifiant)
            _a_portee(ici, uai)
            with brouillon.open("x+b") as sortie:
                brouillon.chmod(0o600)
                versement = verser_aux_archives(session, ouverture.horloge, uai, traitement, sortie, par=par)
                sortie.flush()
                os.fsync(sortie.fileno())
            brouillon.replace(vers)
            dit = {"versement": versement.id, "unites": versement.nombre, "empreinte": versement.empreinte}
    finally:
        brouillon.unlink(missing_ok=True)
    if en_json:
        ecrire_json({**dit, "fichier": str(vers)})
        return
    click.echo(f"{vers} : {dit['unites']} unité(s), versement {dit['versement']}.")
    click.echo(f"SHA-256 : {dit['empreinte']}")


@archive.command("acquitter")
@click.argument("versement", type=click.UUID)
@click.option("--reference", required=True, help="Numéro que les archives ont donné.")
@_PAR
@option_json
def acquitter_(versement: UUID, reference: str, identifiant: str, en_json: bool) -> None:
    """Enregistre l'acquittement des archives, et élimine ce qu'elles ont reçu, avec sa preuve."""
    from ent_core.chargement.absentes import regles_completes
    from ent_core.chargement.archive import regler
    from ent_core.chargement.conservation import cle_des_preuves
    from ent_core.vie_privee.archive.versement import acquitter

    with ouvrir() as ouverture:
        with ouverture.base.academie("archive : acquitter") as session:
            par, ici = _qui(ouverture, session, identifiant)
            eliminees = acquitter(
                session, ouverture.horloge, regles_completes(session, ouverture.chargement),
                cle_des_preuves(ouverture.configuration), versement, reference=reference, par=par, uai=ici,
            )  # fmt: skip
        regler(ouverture.base, ouverture.horloge)
    if en_json:
        ecrire_json({"versement": versement, "eliminees": eliminees})
        return
    click.echo(f"Acquitté sous le numéro {reference} : {eliminees} unité(s) éliminée(s).")


def _qui(
    ouverture: Ouverture, session: Session, identifiant: str, permission: str = ""
) -> tuple[UUID, str | None]:
    """Personne qui agit, et où elle le peut : un établissement, ou toute l'académie."""
    from sqlalchemy import select

    from ent_core.chargement.archive import PERMISSION
    from ent_core.chargement.conservation import portee_de
    from ent_core.identite.comptes import normaliser_identifiant
    from ent_core.identite.modeles import Compte

    par = session.scalar(
        select(Compte.personne_id).where(Compte.identifiant == normaliser_identifiant(identifiant))
    )
    if par is None:
        raise Introuvable("aucun compte n'a cet identifiant.", remede="« ent personne chercher » les donne.")
    jour = ouverture.horloge.aujourd_hui()
    return par, portee_de(session, ouverture.chargement, par, jour, permission or PERMISSION)


def _a_portee(ici: str | None, uai: str) -> None:
    if ici not in (None, uai):
        raise Introuvable("cet établissement n'est pas le sien.", remede="donner celui où elle a ce droit.")


def _dire(ouverture: Ouverture, demande: DemandeArchive, *, en_json: bool) -> None:
    from ent_core.vie_privee.archive.acces import etat_de

    dite: dict[str, Any] = {
        "demande": demande.id, "uai": demande.uai,
        "etat": etat_de(demande, ouverture.horloge.maintenant()).value, "ferme_le": demande.ferme_le,
    }  # fmt: skip
    if en_json:
        ecrire_json(dite)
        return
    fin = f", jusqu'au {dite['ferme_le'].isoformat(timespec='minutes')}" if demande.ferme_le else ""
    click.echo(f"Demande {demande.id} : {dite['etat']}{fin}.")

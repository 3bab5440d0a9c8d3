"""``ent compte`` : imprimer des lettres, suspendre un profil, mettre des comptes en sécurité."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir, uai_saisi
from ent_core.cli.sortie import confirmer, ecrire_json, option_json, progression
from ent_core.contrat.roles import Profil
from ent_core.donnees.connexion import cle_secrete
from ent_core.identite import comptes, mises_en_securite, suspensions
from ent_core.identite.courrier import expediteur
from ent_core.identite.lettres import lettres_pdf
from ent_core.identite.modeles import Compte, Division
from ent_core.identite.secrets import Coffre
from ent_core.identite.securisation import Choix, apercu
from ent_core.messages.securite import prevenir_d_un_nouveau_code
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.publication import reponses

__all__ = ["compte"]

_PROFILS = {profil.name.lower(): profil for profil in Profil}
_uai = click.argument("uai", callback=uai_saisi)
_division = click.option(
    "--division", metavar="LIBELLE", help="Les élèves de cette classe, leurs responsables."
)
_profil = click.option("--profil", type=click.Choice(list(_PROFILS)), help="Les personnes de ce profil.")


@click.group(cls=Groupe)
def compte() -> None:
    """Les comptes d'un établissement, en nombre."""


@compte.command()
@_uai
@_division
@_profil
@click.option("--identifiant", help="Une seule personne.")
@click.option("--adresse", default="", help="Adresse publique de l'ENT, pour le carré à scanner.")
@click.option(
    "--vers", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier PDF à écrire."
)
@option_json
def lettres(
    uai: str, division: str | None, profil: str | None, identifiant: str | None, adresse: str, vers: Path,
    en_json: bool,
) -> None:  # fmt: skip
    """Donne un code neuf aux comptes à activer, et écrit leurs lettres ; les codes ne se montrent que là."""
    if vers.exists():
        raise OperationRefusee("ce fichier existe déjà.", remede="donner un autre nom.", lieu=str(vers))
    with _ecole(uai, "imprimer des lettres d'activation") as (ouverture, session):
        horloge, configuration = ouverture.horloge, ouverture.configuration
        comptes.creer_comptes_manquants(session, horloge, uai)
        jour = horloge.aujourd_hui()
        fiches = list(
            comptes.emettre_codes(
                session, horloge, Coffre(cle_secrete(configuration)), uai,
                division=_trouver_division(ouverture, session, uai, division),
                profil=_PROFILS[profil] if profil else None,
                personne=_personne(session, identifiant) if identifiant else None,
            )
        )  # fmt: skip
        if not fiches:
            raise OperationRefusee(
                "personne n'attend de code : ces comptes sont déjà actifs ou suspendus.",
                remede="« ent compte securiser » permet d'en donner un autre.",
            )
        repondu = reponses.lire(session, uai, jour, annee_scolaire(jour))
        document = lettres_pdf(
            fiches, expediteur(session, uai), produit=configuration.produit,
            adresse=adresse or configuration.courriel.adresse_ent,
            pour=", ".join(filter(None, (division, profil))),
            delegue=", ".join(filter(None, (repondu.delegue, repondu.delegue_contact))),
        )  # fmt: skip
        vers.touch(mode=0o600, exist_ok=False)
        vers.write_bytes(document)
    if en_json:
        ecrire_json({"lettres": len(fiches), "fichier": str(vers), "expire_le": fiches[0].expire_le})
        return
    click.echo(f"{len(fiches)} lettre(s) dans {vers}. Les imprimer, puis effacer ce fichier.")


@compte.command()
@_uai
@click.argument("profil", type=click.Choice(list(_PROFILS)))
@click.option("--motif", type=click.Choice(list(suspensions.MOTIFS)), required=True)
@option_json
def suspendre(uai: str, profil: str, motif: str, en_json: bool) -> None:
    """Suspend la connexion d'un profil dans un établissement, sessions ouvertes comprises."""
    with _ecole(uai, "suspendre un profil") as (ouverture, session):
        suspensions.suspendre_profil(session, ouverture.horloge, uai, _PROFILS[profil].value, motif=motif)
    _dire(uai, profil, "suspendu", en_json=en_json)


@compte.command()
@_uai
@click.argument("profil", type=click.Choice(list(_PROFILS)))
@option_json
def rouvrir(uai: str, profil: str, en_json: bool) -> None:
    """Rouvre la connexion d'un profil suspendu."""
    with _ecole(uai, "rouvrir un profil") as (ouverture, session):
        suspensions.rouvrir_profil(session, ouverture.horloge, uai, _PROFILS[profil].value)
    _dire(uai, profil, "ouvert", en_json=en_json)


@compte.command()
@_uai
@_division
@_profil
@click.option(
    "--fichier", type=click.File(encoding="utf-8-sig"), help="CSV : un identifiant par ligne, premier champ."
)
@click.option("--identifiant", "identifiants", multiple=True, help="Un compte ; se répète.")
@click.option("--reprendre", "reprise", type=click.UUID, help="Numéro d'une mise en sécurité interrompue.")
@click.option("--oui", is_flag=True, help="Ne pas demander confirmation.")
@option_json
def securiser(
    uai: str, division: str | None, profil: str | None, fichier: TextIO | None, identifiants: tuple[str, ...],
    reprise: UUID | None, oui: bool, en_json: bool,
) -> None:  # fmt: skip
    """Ferme les sessions et efface mots de passe, codes et adresses de secours.

    Sans --oui, dit combien de comptes sont visés et attend une confirmation. Interrompue, la commande se
    reprend où elle en était, par --reprendre.
    """
    lus = [ligne[0] for ligne in csv.reader(fichier, delimiter=";") if ligne] if fichier else []
    inconnus: tuple[str, ...] = ()
    with ouvrir() as ouverture:
        if reprise is None:
            with ouverture.base.ecole(uai, "commande : mettre des comptes en sécurité") as session:
                choix = Choix(
                    _trouver_division(ouverture, session, uai, division),
                    _PROFILS[profil] if profil else None,
                    (*identifiants, *lus),
                )
                vus = apercu(session, uai, choix, ouverture.horloge.aujourd_hui())
                inconnus = vus.inconnus
                if not oui:
                    nombre = f"{len(vus.comptes)} compte(s), {vus.sessions} session(s) ouverte(s)"
                    confirmer(f"({nombre}) : relancer avec --oui.", f"Mettre en sécurité {nombre} ?")
                reprise = mises_en_securite.demander(session, ouverture.horloge, uai, vus)
        try:
            with progression("Mise en sécurité") as avancer:
                prevenus = mises_en_securite.avancer(
                    ouverture.base, ouverture.horloge, uai, reprise, acteur=None,
                    prevenir=prevenir_d_un_nouveau_code, progression=avancer,
                )  # fmt: skip
        except BaseException:
            click.echo(f"Arrêtée en route. La reprendre : --reprendre {reprise}", err=True)
            raise
        with ouverture.base.ecole(uai, "commande : mettre des comptes en sécurité") as session:
            suivi = mises_en_securite.suivre(session, uai, reprise)
    if en_json:
        ecrire_json(
            {
                "numero": str(reprise), "comptes": suivi.faits, "sessions_fermees": suivi.sessions,
                "prevenus": prevenus, "inconnus": inconnus,
            }
        )  # fmt: skip
        return
    click.echo(
        f"{suivi.faits} compte(s) en sécurité, {suivi.sessions} session(s) fermée(s), {prevenus} prévenu(s)."
    )
    if inconnus:
        click.echo(f"Identifiants qui ne sont pas d'ici : {', '.join(inconnus)}")


@contextmanager
def _ecole(uai: str, acte: str) -> Iterator[tuple[Ouverture, Session]]:
    with ouvrir() as ouverture, ouverture.base.ecole(uai, f"commande : {acte}") as session:
        yield ouverture, session


def _dire(uai: str, profil: str, etat: str, *, en_json: bool) -> None:
    if en_json:
        ecrire_json({"uai": uai, "profil": _PROFILS[profil].value, "etat": etat})
    else:
        click.echo(f"{uai}, {profil} : {etat}.")


def _trouver_division(ouverture: Ouverture, session: Session, uai: str, libelle: str | None) -> UUID | None:
    if libelle is None:
        return None
    annee = annee_scolaire(ouverture.horloge.aujourd_hui())
    trouvee = session.scalar(
        select(Division.id).where(Division.uai == uai, Division.annee == annee, Division.libelle == libelle)
    )
    if trouvee is None:
        raise Introuvable(
            f"aucune classe « {libelle} » cette année.", remede="reprendre son libellé dans l'ENT.", lieu=uai
        )
    return trouvee


def _personne(session: Session, identifiant: str) -> UUID:
    nom = comptes.normaliser_identifiant(identifiant)
    trouvee = session.scalar(select(Compte.personne_id).where(Compte.identifiant == nom))
    if trouvee is None:
        raise Introuvable(
            "aucun compte n'a cet identifiant.", remede="« ent personne chercher » aide à le trouver."
        )
    return trouvee

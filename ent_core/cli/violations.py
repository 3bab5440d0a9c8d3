"""``ent violations`` : le registre, ce qui presse, les personnes touchées, l'export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir, uai_saisi
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from ent_core.chargement.decouverte import Chargement

__all__ = ["violations"]

_INSTANT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"])
_UAI = click.option(
    "--etablissement", "uai", callback=uai_saisi, help="Un établissement ; par défaut, toute l'académie."
)


@click.group(cls=Groupe)
def violations() -> None:
    """Le registre des violations de données et son délai de 72 heures."""


@violations.command("lister")
@_UAI
@click.option("--ouvertes", is_flag=True, help="Sans les closes.")
@option_json
def lister_(uai: str | None, ouvertes: bool, en_json: bool) -> None:
    """Montre les violations, celles qui pressent d'abord, avec le temps qui reste pour notifier."""
    from ent_core.vie_privee.violations.delai import compteur
    from ent_core.vie_privee.violations.etapes import numero
    from ent_core.vie_privee.violations.rappels import a_notifier
    from ent_core.vie_privee.violations.tenue import lister

    with ouvrir() as ouverture, ouverture.base.academie("commande : lister les violations") as session:
        maintenant = ouverture.horloge.maintenant()
        lignes = [
            (
                str(v.id), numero(v), v.uai or "académie", v.origine,
                compteur(v.connue_le, maintenant).en_clair if a_notifier(v) else
                "close" if v.close_le else "notifiée" if v.notifiee_le else "non notifiée, motivé",
                v.personnes,
            )
            for v in lister(session, uai, ouvertes=ouvertes)
        ]  # fmt: skip
    colonnes = ("identifiant", "numero", "etablissement", "origine", "delai", "personnes")
    ecrire_tableau("Violations", colonnes, lignes, en_json=en_json, vide="Aucune violation au registre.")


@violations.command("signaux")
@_UAI
@option_json
def signaux_(uai: str | None, en_json: bool) -> None:
    """Montre les refus répétés de la semaine, que nul n'a encore qualifiés."""
    from ent_core.vie_privee.violations.signaux import signaux

    with ouvrir() as ouverture, ouverture.base.academie("commande : voir les signaux") as session:
        vus = signaux(session, ouverture.horloge, uai)
    lignes = [(s.cle, s.nombre, s.uai, s.nature, s.objet, ", ".join(s.roles)) for s in vus]
    ecrire_tableau(
        "Signaux", ("cle", "nombre", "etablissement", "nature", "objet", "roles"), lignes, en_json=en_json,
        vide="Aucun refus répété.",
    )  # fmt: skip


@violations.command("personnes")
@click.argument("violation", type=click.UUID)
@click.option("--du", type=_INSTANT, required=True, help="Début, à l'heure de Paris.")
@click.option("--au", type=_INSTANT, required=True, help="Fin, à l'heure de Paris.")
@click.option("--traitement", metavar="CLE", help="Un traitement ; par défaut, tous.")
@click.option("--compte", help="Identifiant d'un compte qui a servi à d'autres que son titulaire.")
@click.option(
    "--journal", "journaux", type=click.Choice(["lectures", "ecritures"]), multiple=True,
    help="À répéter ; par défaut, les deux.",
)  # fmt: skip
@click.option("--par", "identifiant", required=True, help="Identifiant du compte de qui compte.")
@option_json
def personnes_(
    violation: UUID, du: datetime, au: datetime, traitement: str | None, compte: str | None,
    journaux: Sequence[str], identifiant: str, en_json: bool,
) -> None:  # fmt: skip
    """Compte les personnes touchées d'après les traces, et porte le nombre à la fiche ; aucun nom."""
    from ent_core.chargement.violations import cle_des_comptages
    from ent_core.vie_privee.violations.atteintes import GROUPES, JOURNAUX, Recherche
    from ent_core.vie_privee.violations.comptages import compter_et_retenir
    from ent_core.vie_privee.violations.tenue import trouver

    with ouvrir() as ouverture, ouverture.base.academie("commande : compter les personnes") as session:
        if traitement is not None and traitement not in _traitements(ouverture.chargement):
            raise DonneeInvalide("ce traitement n'existe pas.", remede="voir « ent registre montrer ».")
        fiche = trouver(session, None, violation)
        recherche = Recherche(
            du=du.replace(tzinfo=FUSEAU), au=au.replace(tzinfo=FUSEAU), uai=fiche.uai, traitement=traitement,
            compte=_titulaire(session, compte) if compte else None,
            journaux=frozenset(journaux or JOURNAUX),
        )  # fmt: skip
        trouve = compter_et_retenir(
            session, ouverture.horloge, fiche, recherche, cle_des_comptages(ouverture.configuration),
            _titulaire(session, identifiant),
        )  # fmt: skip
    if en_json:
        ecrire_json(
            {"personnes": trouve.personnes, "par_groupe": dict(trouve.par_groupe),
             "indeterminees": trouve.indeterminees, "enregistrements": trouve.enregistrements,
             "empreinte": trouve.empreinte}
        )  # fmt: skip
        return
    click.echo(
        f"{trouve.personnes} personne(s) au moins, {trouve.enregistrements} enregistrement(s) changé(s)."
    )
    for groupe, nombre in trouve.par_groupe.items():
        click.echo(f"  {GROUPES[groupe]} : {nombre}")
    if trouve.indeterminees:
        click.echo(f"{trouve.indeterminees} trace(s) ne nomment personne : d'autres peuvent être touchées.")


@violations.command("exporter")
@click.option(
    "--format", "format_", type=click.Choice(["ods", "csv", "json"]), default="ods", show_default=True
)
@click.option(
    "--vers", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier à écrire."
)
@_UAI
def exporter_(format_: str, vers: Path, uai: str | None) -> None:
    """Écrit le registre des violations (RGPD, article 33.5)."""
    from ent_core.identite.journal import consigner
    from ent_core.vie_privee.violations.etapes import etapes
    from ent_core.vie_privee.violations.exports import RegistreViolations, exporter
    from ent_core.vie_privee.violations.tenue import lister

    if vers.exists():
        raise OperationRefusee("ce fichier existe déjà.", remede="donner un autre nom.", lieu=str(vers))
    with ouvrir() as ouverture, ouverture.base.academie("commande : exporter les violations") as session:
        lues = [(v, etapes(session, v)) for v in lister(session, uai)]
        contenu = exporter(RegistreViolations(ouverture.horloge.aujourd_hui(), uai or "", lues), format_)
        consigner(
            session, ouverture.horloge, "violation.registre_exporte", uai=uai,
            details={"format": format_, "nombre": len(lues)},
        )  # fmt: skip
        vers.write_bytes(contenu)
        vers.chmod(0o600)
    click.echo(f"{vers} : {len(lues)} violation(s).")


def _titulaire(session: Session, identifiant: str) -> UUID:
    from sqlalchemy import select

    from ent_core.identite.comptes import normaliser_identifiant
    from ent_core.identite.modeles import Compte

    trouvee = session.scalar(
        select(Compte.personne_id).where(Compte.identifiant == normaliser_identifiant(identifiant))
    )
    if trouvee is None:
        raise Introuvable("aucun compte n'a cet identifiant.", remede="« ent personne chercher » les donne.")
    return trouvee


def _traitements(chargement: Chargement) -> set[str]:
    return {t.cle for brique in chargement.briques for t in brique.declaration().traitements}

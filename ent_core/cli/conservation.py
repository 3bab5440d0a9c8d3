"""``ent conservation`` : planifier, approuver, exécuter, prouver, vérifier ; poser et lever des gels."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir, uai_saisi
from ent_core.cli.sortie import dire, ecrire_anomalies, ecrire_json, ecrire_tableau, option_json, progression
from ent_core.socle.erreurs import Introuvable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from ent_core.vie_privee.conservation.dossier import Dossier

__all__ = ["conservation"]

_JOUR = click.DateTime(["%Y-%m-%d"])
_PAR = click.option("--par", "identifiant", required=True, help="Identifiant du compte de qui décide.")


@click.group(cls=Groupe)
def conservation() -> None:
    """La conservation des données et leur élimination."""


@conservation.command("planifier")
@click.option(
    "--etablissement", "uai", callback=uai_saisi, help="Un établissement ; par défaut, toute l'académie."
)
@option_json
def planifier_(uai: str | None, en_json: bool) -> None:
    """Compte ce qui est échu, et fige un plan. N'élimine rien."""
    from ent_core.chargement.absentes import regles_completes
    from ent_core.vie_privee.conservation.dossier import ouvrir as dossier_de
    from ent_core.vie_privee.conservation.plan import comparer, lignes, planifier, precedent

    with ouvrir() as ouverture, ouverture.base.academie("conservation : planifier") as session:
        regles = regles_completes(session, ouverture.chargement)
        plan = planifier(session, ouverture.horloge, regles, uai=uai)
        dossier = dossier_de(session, ouverture.horloge, plan.id)
        ancien = precedent(session, plan)
        ecarts = comparer(lignes(session, ancien.id) if ancien else [], dossier.lignes)
        anomalies = regles.anomalies()
        if en_json:
            ecrire_json({**_dossier(dossier), "ecarts": [_champs(e) for e in ecarts]})
            return
        _montrer(dossier)
        click.echo(f"Empreinte : {plan.empreinte}")
        if ancien is not None:
            click.echo(f"Depuis le plan précédent : {len(ecarts)} unité(s) ont changé.")
    if anomalies:
        ecrire_anomalies(anomalies, en_json=False)
    click.echo(f"Pour l'approuver : ent conservation approuver {plan.id} --par IDENTIFIANT")


@conservation.command("apercu")
@click.option("--traitement", required=True, help="Clé du traitement.")
@click.option("--annees", type=click.IntRange(0), default=0, help="Années scolaires de la durée essayée.")
@click.option("--mois", type=click.IntRange(0), default=0, help="Mois de la durée essayée.")
@click.option("--jours", type=click.IntRange(0), default=0, help="Jours de la durée essayée.")
@click.option("--etablissement", "uai", callback=uai_saisi, help="Un établissement ; par défaut, tous.")
@option_json
def apercu_(traitement: str, annees: int, mois: int, jours: int, uai: str | None, en_json: bool) -> None:
    """Compte ce qu'une autre durée ferait éliminer aujourd'hui. Ne garde et ne change rien."""
    from ent_core.chargement.absentes import regles_completes
    from ent_core.contrat.donnees import Duree
    from ent_core.vie_privee.conservation.apercu import apercevoir

    with ouvrir() as ouverture, ouverture.base.academie("conservation : aperçu d'une règle") as session:
        regles = regles_completes(session, ouverture.chargement)
        vu = apercevoir(
            session, ouverture.horloge, regles, traitement, duree=Duree(mois, jours, annees), uai=uai
        )
    if en_json:
        ecrire_json({"de_plus": vu.de_plus, "annules": vu.annules, "ecarts": [_champs(e) for e in vu.ecarts]})
        return
    durees = (str(t.conservation.duree) for t in (vu.avant, vu.apres))
    ecrire_tableau(
        f"{vu.avant.intitule} : {' → '.join(durees)}",
        ("table", "où", "année", "aujourd'hui", "alors"),
        [(e.objet, e.uai or "académie", e.periode, e.avant, e.apres) for e in vu.ecarts],
        en_json=False, vide="Rien ne changerait aujourd'hui.",
    )  # fmt: skip
    click.echo(f"{vu.de_plus:+d} ligne(s) à éliminer. Rien n'est changé.")
    if vu.annules:
        click.echo(f"{len(vu.annules)} plan(s) approuvé(s) tomberaient.")


@conservation.command("avis")
@click.option("--etablissement", "uai", callback=uai_saisi, help="Un établissement ; par défaut, tous.")
@option_json
def avis_(uai: str | None, en_json: bool) -> None:
    """Liste ce qui va être éliminé, et ce qui est déjà caché."""
    from ent_core.vie_privee.conservation.avis import reunir

    colonnes = ("plan_id", "rang", "traitement", "uai", "annee", "nombre", "execution_le", "masque")
    with ouvrir() as ouverture, ouverture.base.academie("conservation : lister les avis") as session:
        ecrire_tableau(
            "Avis d'élimination", colonnes, [[getattr(a, c) for c in colonnes] for a in reunir(session, uai)],
            en_json=en_json, vide="Aucun avis : rien n'attend d'être éliminé.",
        )  # fmt: skip


@conservation.command("restaurer")
@click.argument("plan", type=click.UUID)
@click.argument("ligne", type=int)
@_PAR
@click.option("--motif", required=True, help="Pourquoi.")
@option_json
def restaurer_(plan: UUID, ligne: int, identifiant: str, motif: str, en_json: bool) -> None:
    """Remet en place, pendant le préavis, ce qu'une ligne d'un plan allait éliminer."""
    from ent_core.vie_privee.conservation.approbation import restaurer

    with ouvrir() as ouverture, ouverture.base.academie("conservation : remettre en place") as session:
        par, uai = _decideur(ouverture, session, identifiant)
        jusqu_au = restaurer(session, ouverture.horloge, plan, ligne, motif=motif, par=par, uai=uai)
    dire(
        f"Remis en place. Aucun plan ne le reprendra avant le {jusqu_au.isoformat()}.",
        en_json, plan=plan, ligne=ligne, jusqu_au=jusqu_au,
    )  # fmt: skip


@conservation.command("approuver")
@click.argument("plan", type=click.UUID)
@_PAR
@click.option("--empreinte", help="Empreinte relue ; par défaut, celle du plan.")
@click.option("--annuler", "motif", help="Annuler le plan, pour ce motif.")
@option_json
def approuver_(plan: UUID, identifiant: str, empreinte: str | None, motif: str | None, en_json: bool) -> None:
    """Approuve un plan, au nom d'une personne qui en a la permission ; ou l'annule."""
    from ent_core.chargement.absentes import regles_completes
    from ent_core.chargement.conservation import portee_de
    from ent_core.vie_privee.conservation.approbation import annuler, approuver
    from ent_core.vie_privee.conservation.dossier import ouvrir as dossier_de

    with ouvrir() as ouverture, ouverture.base.academie("conservation : approuver") as session:
        par = _personne(session, identifiant)
        uai = portee_de(session, ouverture.chargement, par, ouverture.horloge.aujourd_hui())
        if motif is not None:
            dossier = annuler(session, ouverture.horloge, plan, motif=motif, par=par, uai=uai)
        else:
            couvre = empreinte or dossier_de(session, ouverture.horloge, plan, uai).plan.empreinte
            regles = regles_completes(session, ouverture.chargement)
            dossier = approuver(session, ouverture.horloge, regles, plan, couvre=couvre, par=par, uai=uai)
        if en_json:
            ecrire_json(_dossier(dossier))
            return
        _montrer(dossier)


@conservation.command("executer")
@click.argument("plan", type=click.UUID)
@option_json
def executer_(plan: UUID, en_json: bool) -> None:
    """Exécute un plan approuvé ; coupée, la commande reprend où elle en était."""
    from ent_core.chargement.archive import regler
    from ent_core.chargement.coffre import balayer_le_coffre, coffre_de
    from ent_core.chargement.conservation import executeur_de

    with ouvrir() as ouverture, progression("Élimination") as avancer:
        executeur = executeur_de(
            ouverture.base, ouverture.chargement, ouverture.configuration, ouverture.horloge
        )
        resultat = executeur.executer(plan, avancer)
        regler(ouverture.base, ouverture.horloge)
        balayer_le_coffre(ouverture.base, ouverture.chargement, coffre_de(ouverture.configuration))
    if en_json:
        ecrire_json(_champs(resultat))
        return
    click.echo(
        f"{resultat.eliminees} éliminée(s) en {resultat.lots} lot(s), {resultat.suspendues} suspendue(s),"
        f" {resultat.disparues} parties autrement."
    )
    for rang, motif in sorted(resultat.attente.items()):
        click.echo(f"  ligne {rang} : {motif}")
    click.echo("Le plan est exécuté." if resultat.finie else "Le plan reste ouvert.")


@conservation.command("preuves")
@click.option("--plan", type=click.UUID, help="Celles d'un plan.")
@click.option(
    "--exporter", "fichier", type=click.Path(path_type=Path, dir_okay=False),
    help="Ajouter la tête de la chaîne à ce fichier, hors de la base.",
)  # fmt: skip
@option_json
def preuves(plan: UUID | None, fichier: Path | None, en_json: bool) -> None:
    """Montre les dernières entrées de la chaîne, ou en exporte la tête."""
    from ent_core.vie_privee.conservation.preuve import Tetes, lister, tete

    with ouvrir() as ouverture, ouverture.base.academie("conservation : preuves") as session:
        if fichier is not None:
            derniere = tete(session)
            if derniere is not None:
                Tetes(fichier).ecrire(derniere)
            dit = f"preuve n° {derniere.numero}, {derniere.empreinte}" if derniere else "aucune preuve"
            click.echo(f"Tête : {dit}.")
            return
        colonnes = ("numero", "instant", "nature", "regle", "objet", "uai", "periode", "nombre", "empreinte")
        ecrire_tableau(
            "Preuves", colonnes, [[getattr(p, c) for c in colonnes] for p in lister(session, plan)],
            en_json=en_json, vide="Aucune preuve : rien n'a été éliminé.",
        )  # fmt: skip


@conservation.command("verifier")
@click.option(
    "--tetes", "fichiers", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Fichier de têtes exportées, en plus de celui de l'instance.",
)  # fmt: skip
@option_json
def verifier_(fichiers: tuple[Path, ...], en_json: bool) -> None:
    """Vérifie la chaîne des preuves et ses nombres ; sort avec le code 1 si elle est rompue."""
    from ent_core.chargement.conservation import tetes_de
    from ent_core.vie_privee.conservation.preuve import Tetes, verifier

    with ouvrir() as ouverture, ouverture.base.academie("conservation : vérifier les preuves") as session:
        sources = (tetes_de(ouverture.configuration), *map(Tetes, fichiers))
        anomalies = verifier(session, [tete for source in sources for tete in source.lire()])
    ecrire_anomalies(anomalies, en_json=en_json)
    if anomalies:
        sys.exit(1)


@conservation.group("gels")
def gels() -> None:
    """Ce qui suspend l'élimination de ce qui concerne une personne."""


@gels.command("lister")
@click.option("--leves", is_flag=True, help="Montrer aussi les gels levés.")
@option_json
def lister_gels(leves: bool, en_json: bool) -> None:
    """Liste les gels."""
    from ent_core.vie_privee.conservation.gels import lister

    colonnes = ("id", "personne_id", "traitement", "nature", "uai", "pose_le", "revoir_le", "leve_le")
    with ouvrir() as ouverture, ouverture.base.academie("conservation : lister les gels") as session:
        ecrire_tableau(
            "Gels", colonnes, [[getattr(g, c) for c in colonnes] for g in lister(session, leves=leves)],
            en_json=en_json, vide="Aucun gel.",
        )  # fmt: skip


@gels.command("poser")
@click.argument("personne", type=click.UUID)
@_PAR
@click.option(
    "--nature", type=click.Choice(["litige", "demande", "reclamation", "inspection"]), required=True,
    help="Pourquoi.",
)  # fmt: skip
@click.option("--motif", required=True, help="Référence du dossier.")
@click.option("--revoir", type=_JOUR, required=True, help="Jour où le réexaminer (AAAA-MM-JJ).")
@click.option("--traitement", help="Traitement gelé ; par défaut, tous.")
@option_json
def poser_gel(
    personne: UUID, identifiant: str, nature: str, motif: str, revoir: Any, traitement: str | None,
    en_json: bool,
) -> None:  # fmt: skip
    """Gèle ce qui concerne une personne."""
    from ent_core.vie_privee.conservation.gels import NatureGel, poser

    with ouvrir() as ouverture, ouverture.base.academie("conservation : poser un gel") as session:
        par, uai = _decideur(ouverture, session, identifiant)
        jusque: date = revoir.date()
        gel = poser(
            session, ouverture.horloge, personne, nature=NatureGel(nature), motif=motif, revoir_le=jusque,
            traitement=traitement, uai=uai, par=par,
        )  # fmt: skip
        pose = gel.id
    dire(f"Gel {pose} posé, à réexaminer le {jusque.isoformat()}.", en_json, id=pose, revoir_le=jusque)


@gels.command("lever")
@click.argument("gel", type=click.UUID)
@_PAR
@option_json
def lever_gel(gel: UUID, identifiant: str, en_json: bool) -> None:
    """Lève un gel : ce qu'il suspendait revient dans le prochain plan."""
    from ent_core.vie_privee.conservation.gels import lever

    with ouvrir() as ouverture, ouverture.base.academie("conservation : lever un gel") as session:
        par, uai = _decideur(ouverture, session, identifiant)
        lever(session, ouverture.horloge, gel, par=par, uai=uai)
    dire(f"Gel {gel} levé.", en_json, id=gel, leve=True)


def _decideur(ouverture: Ouverture, session: Session, identifiant: str) -> tuple[UUID, str | None]:
    from ent_core.chargement.conservation import portee_de

    par = _personne(session, identifiant)
    return par, portee_de(session, ouverture.chargement, par, ouverture.horloge.aujourd_hui())


def _personne(session: Session, identifiant: str) -> UUID:
    from sqlalchemy import select

    from ent_core.identite.comptes import normaliser_identifiant
    from ent_core.identite.modeles import Compte

    trouvee = session.scalar(
        select(Compte.personne_id).where(Compte.identifiant == normaliser_identifiant(identifiant))
    )
    if trouvee is None:
        raise Introuvable("aucun compte n'a cet identifiant.", remede="« ent personne chercher » les donne.")
    return trouvee


def _champs(valeur: Any) -> dict[str, Any]:
    return {nom: getattr(valeur, nom) for nom in valeur.__slots__}


def _dossier(dossier: Dossier) -> dict[str, Any]:
    plan = dossier.plan
    return {
        "plan": plan.id,
        "etat": dossier.etat.value,
        "jour": plan.jour,
        "uai": plan.uai,
        "empreinte": plan.empreinte,
        "lignes": [
            {
                **{c.key: getattr(ligne, c.key) for c in type(ligne).__table__.c if c.key != "plan_id"},
                "retenue_par": dossier.obstacle(ligne),
            }
            for ligne in dossier.lignes
        ],
    }


def _montrer(dossier: Dossier) -> None:
    lignes: Sequence[Sequence[Any]] = [
        (
            li.rang, li.traitement, li.objet, li.uai or "académie", li.periode, li.echues, li.gelees,
            li.actives, li.sans_date, dossier.obstacle(li) if li.echues else "",
        )
        for li in dossier.lignes
    ]  # fmt: skip
    colonnes = (
        "n°", "traitement", "table", "où", "année", "échues", "gelées", "vivantes", "sans date",
        "retenue par",
    )  # fmt: skip
    titre = f"Plan {dossier.plan.id}, {dossier.etat.value}"
    ecrire_tableau(titre, colonnes, lignes, en_json=False, vide="Rien n'est échu.")

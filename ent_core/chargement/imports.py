"""Mener l'import d'un envoi : simuler, appliquer, dire où l'on en est. Web et ouvrier passent par ici."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ent_core.chargement.envois import Envoi, Envois, Etape, Sorte, envois_de
from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.aaf.projets import exiger_projet_connu
from ent_core.identite.aaf.rapport import RapportImport
from ent_core.identite.lots import Ecart, RapportChargement, ecarts_des, empreinte_des
from ent_core.identite.mouvements import Annoncer, Suivi
from ent_core.identite.sts.chargement import importer_emploi_du_temps
from ent_core.identite.sursis import ouvrir_les_sursis
from ent_core.identite.tableur import Correspondance, lire_tableau, valider
from ent_core.identite.tableur.chargement import OptionsListe, importer_liste
from ent_core.identite.tableur.gestes import oublier_les_anciens
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ErreurEnt, Introuvable, OperationRefusee

__all__ = ["TACHE_IMPORT", "executer_envoi", "taches_d_import"]

TACHE_IMPORT = "noyau.importer"
_CONSTATS_MONTRES = 100


def taches_d_import(configuration: Configuration, annoncer: Annoncer | None = None) -> tuple[Tache, ...]:
    """Les travaux des imports : mener un envoi, effacer ce qui n'a plus lieu d'être gardé, ouvrir les sursis.

    :param configuration: configuration de l'instance.
    :param annoncer: à qui dire les départs et les sursis ; ``None`` si personne n'écoute.
    """

    def mener(base: BaseDeDonnees, horloge: Horloge, cle: str) -> None:
        # Un envoi effacé entre-temps, par sa personne ou par l'âge, n'est plus à importer.
        with contextlib.suppress(Introuvable):
            executer_envoi(base, configuration, horloge, cle, annoncer)

    def purger(_base: BaseDeDonnees, horloge: Horloge) -> None:
        envois_de(configuration, horloge).purger()

    def purger_gestes(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : gestes des imports") as session:
            oublier_les_anciens(session, horloge)

    def sursis(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("rôles locaux finis : sursis") as session:
            suivi = Suivi(session, annee_scolaire(horloge.aujourd_hui()), annoncer)
            ouvrir_les_sursis(session, horloge, configuration.imports.sursis)
            suivi.annoncer()

    return (
        # Rejouer un import ne change rien de plus ; trois pannes de suite ne sont plus un accident.
        Tache(TACHE_IMPORT, mener, essais=3, libelle="Importer un annuaire"),
        Tache(
            "noyau.purger_envois",
            purger,
            periode="50 * * * *",
            libelle="Effacer les fichiers envoyés la veille",
        ),
        Tache(
            "noyau.purger_gestes",
            purger_gestes,
            periode="20 3 * * *",
            libelle="Oublier de quoi annuler les imports anciens",
        ),
        Tache(
            "noyau.ouvrir_sursis",
            sursis,
            periode="30 2 * * *",
            libelle="Mettre en sursis qui n'a plus de rattachement",
        ),
    )


def executer_envoi(
    base: BaseDeDonnees,
    configuration: Configuration,
    horloge: Horloge,
    cle: str,
    annoncer: Annoncer | None = None,
) -> Envoi:
    """Simule ou applique un envoi selon son étape ; un refus y est gardé, avec ce qu'il faut faire.

    :param base: base de l'application.
    :param configuration: seuils des imports et dossier des envois.
    :param horloge: horloge.
    :param cle: envoi.
    :param annoncer: à qui dire les départs et les sursis.
    """
    envois = envois_de(configuration, horloge)
    envoi = envois.ouvrir(cle)
    if envoi.etape not in (Etape.SIMULATION_DEMANDEE, Etape.IMPORT_DEMANDE):
        return envoi
    simulation = envoi.etape is Etape.SIMULATION_DEMANDEE
    try:
        envoi.rapport = _importer(
            base, configuration, horloge, envois, envoi, annoncer, simulation=simulation
        )
        envoi.etape = Etape.SIMULE if simulation else Etape.FINI
        envoi.erreur = {}
    except ErreurEnt as erreur:
        envoi.erreur = {
            "code": erreur.code,
            "message": erreur.message,
            "remede": erreur.remede,
            "lieu": _lieu(erreur.lieu, envoi),
        }
        # Un état présent qui s'oppose (import en cours, retraits) n'oblige pas à tout renvoyer.
        envoi.etape = Etape.REFUSE
        if isinstance(erreur, OperationRefusee) and not simulation:
            envoi.etape = Etape.SIMULE
        elif isinstance(erreur, OperationRefusee) and envoi.sorte is Sorte.LISTE:
            envoi.etape = Etape.COLONNES
    if envoi.etape in (Etape.FINI, Etape.REFUSE):
        envois.retirer_fichiers(envoi)
    envois.garder(envoi)
    return envoi


def _lieu(lieu: str, envoi: Envoi) -> str:
    """Le nom que la personne a donné, à la place de celui du fichier gardé."""
    garde, virgule, suite = lieu.partition(",")
    rang = int(garde) if garde.isdecimal() else -1
    return envoi.noms[rang] + virgule + suite if 0 <= rang < len(envoi.noms) else lieu


def _importer(
    base: BaseDeDonnees,
    configuration: Configuration,
    horloge: Horloge,
    envois: Envois,
    envoi: Envoi,
    annoncer: Annoncer | None,
    *,
    simulation: bool,
) -> dict[str, Any]:
    fichiers = envois.fichiers(envoi)
    match envoi.sorte:
        case Sorte.ANNUAIRE:
            return _annuaire(
                base, configuration, horloge, envois, envoi, fichiers[0], annoncer, simulation=simulation
            )
        case Sorte.LISTE:
            rapport = _liste(
                base, configuration, horloge, envoi, fichiers[0], annoncer, simulation=simulation
            )
        case Sorte.EMPLOI_DU_TEMPS:
            rapport = importer_emploi_du_temps(
                base,
                fichiers[0],
                individus=fichiers[1] if len(fichiers) > 1 else None,
                noms=(envoi.noms[0], envoi.noms[-1]),
                uai=envoi.uai or None,
                horloge=horloge,
                simulation=simulation,
                par=envoi.par,
            )
    return _rapport_ecole(rapport)


def _annuaire(
    base: BaseDeDonnees,
    configuration: Configuration,
    horloge: Horloge,
    envois: Envois,
    envoi: Envoi,
    fichier: Path,
    annoncer: Annoncer | None,
    *,
    simulation: bool,
) -> dict[str, Any]:
    def avancer(etape: str, fait: int, total: int) -> None:
        # Un pour cent de plus vaut une écriture, pas davantage.
        precedente, vu, _ = envoi.avancement
        part = 100 * fait // total if total else 0
        if etape != precedente or part != vu:
            envoi.avancement = (etape, part, 100)
            envois.garder(envoi)

    with ouvrir_livraison(fichier) as livraison:
        exiger_projet_connu(base, livraison)
        rapport = importer(
            base,
            livraison,
            horloge=horloge,
            reglages=configuration.imports,
            simulation=simulation,
            accepter_retraits=bool(envoi.options.get("accepter_retraits")),
            progression=avancer,
            par=envoi.par,
            annoncer=annoncer,
        )
    return _rapport_annuaire(rapport)


def _liste(
    base: BaseDeDonnees,
    configuration: Configuration,
    horloge: Horloge,
    envoi: Envoi,
    fichier: Path,
    annoncer: Annoncer | None,
    *,
    simulation: bool,
) -> RapportChargement:
    tableau = lire_tableau(fichier, envoi.noms[0])
    correspondance = Correspondance.depuis_dict(envoi.options["correspondance"], tableau.entetes)
    return importer_liste(
        base,
        valider(tableau, correspondance, aujourd_hui=horloge.aujourd_hui()),
        uai=envoi.uai,
        nom=envoi.noms[0],
        empreinte=empreinte_des([fichier]),
        horloge=horloge,
        reglages=configuration.imports,
        options=OptionsListe(
            complete=bool(envoi.options.get("complete")),
            accepter_retraits=bool(envoi.options.get("accepter_retraits")),
            direction_permise=bool(envoi.options.get("direction_permise")),
        ),
        simulation=simulation,
        par=envoi.par,
        annoncer=annoncer,
    )


def _rapport_ecole(rapport: RapportChargement) -> dict[str, Any]:
    massifs = [c.motif for c in rapport.constats if c.code == "retraits_nombreux"]
    return {
        "lot": str(rapport.lot or ""),
        "change": rapport.change,
        "ecarts": [_ecart(ecart) for ecart in rapport.ecarts],
        "rejets": rapport.rejets,
        "avertissements": rapport.avertissements,
        "constats": _constats(rapport.constats),
        "retraits": massifs,
    }


def _rapport_annuaire(rapport: RapportImport) -> dict[str, Any]:
    rejets = sum(constat.gravite is Gravite.REJET for constat in rapport.echantillon)
    return {
        "lot": str(rapport.lot or ""),
        "resume": rapport.resume(),
        "change": not rapport.inchange,
        "ecarts": [_ecart(ecart) for ecart in ecarts_des(rapport.comptes)],
        "rejets": rejets,
        "avertissements": sum(rapport.constats.values()) - rejets,
        "constats": _constats(rapport.echantillon),
        "retraits": [str(retrait) for retrait in rapport.retraits_excessifs],
    }


def _ecart(ecart: Ecart) -> dict[str, Any]:
    return {
        "objet": ecart.objet,
        "ajouts": ecart.ajouts,
        "modifications": ecart.modifications,
        "retraits": ecart.retraits,
        "inchanges": ecart.inchanges,
    }


def _constats(constats: Iterable[Constat]) -> list[dict[str, Any]]:
    """Les premiers défauts, les plus graves d'abord ; le fichier des rejets les donne tous."""
    ordonnes = sorted(constats, key=lambda c: (c.gravite is not Gravite.REJET, c.fichier, c.ligne or 0))
    return [
        {"gravite": c.gravite.value, "fichier": c.fichier, "ligne": c.ligne, "cle": c.cle, "motif": c.motif}
        for c in ordonnes[:_CONSTATS_MONTRES]
    ]

"""Charger un emploi du temps : les cours de STS deviennent des séances datées, en une transaction par école.

Le fichier remplace l'emploi du temps de l'année : ce qui ne change pas garde son identifiant, ce qu'il ne dit
plus est retiré, et ce que l'établissement a annulé ou déplacé n'est pas touché.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.journal import consigner
from ent_core.identite.lots import Ecart, RapportChargement, empreinte_des, enregistrer_lot, source_d_ecole
from ent_core.identite.modeles import Etablissement
from ent_core.identite.sts.ecriture import ecrire_seances, ecrire_services, services_tenus, tenues
from ent_core.identite.sts.lecture import lire_sts
from ent_core.identite.sts.modeles import AnomalieSts, CoursSts, FichierSts, Nature
from ent_core.identite.sts.occurrences import occurrences
from ent_core.identite.sts.rapprochement import Agents, Structure, rapprocher_agents, structures_de
from ent_core.identite.sts.seances import Seance, comparer
from ent_core.identite.sts.services import ServiceVoulu, ecart_services
from ent_core.socle.calendrier import FUSEAU, Horloge, annee_scolaire, libelle_annee
from ent_core.socle.erreurs import FichierRefuse, Introuvable

__all__ = ["importer_emploi_du_temps"]

Avancement = Callable[[str, int, int], None]
"""Étape, fait, total."""

FORMAT = "sts"
_LONGUEUR_MATIERE = 6
_REJETS = frozenset(
    {
        "agent_repete",
        "division_repetee",
        "groupe_repete",
        "horaire_invalide",
        "service_sans_matiere",
        "structure_sans_code",
    }
)
"""Anomalies de lecture qui laissent quelque chose de côté ; les autres n'empêchent rien."""


def importer_emploi_du_temps(
    base: BaseDeDonnees,
    emploi_du_temps: Path,
    *,
    individus: Path | None = None,
    noms: tuple[str, str] = ("", ""),
    uai: str | None = None,
    horloge: Horloge,
    simulation: bool = False,
    progression: Avancement = lambda _etape, _fait, _total: None,
    par: UUID | None = None,
) -> RapportChargement:
    """Importe l'emploi du temps d'un établissement.

    :param base: base de l'application.
    :param emploi_du_temps: fichier ``emp_sts_<UAI>_<année>.xml``.
    :param individus: fichier ``sts_emp_<UAI>_<année>.xml``, qui décrit les agents.
    :param noms: noms à citer pour ces deux fichiers ; à défaut, ceux des chemins.
    :param uai: établissement attendu ; ``None`` pour prendre celui du fichier.
    :param simulation: vrai pour compter sans rien changer.
    :param progression: suivi.
    :param par: personne qui importe.
    :raises FichierRefuse: fichier illisible, d'une autre sorte, ou d'un autre établissement.
    :raises Introuvable: établissement inconnu.
    """
    progression("lecture", 0, 1)
    fichiers = [chemin for chemin in (emploi_du_temps, individus) if chemin is not None]
    envoi = _lire(emploi_du_temps, individus, noms, uai)
    progression("lecture", 1, 1)
    with base.ecole(envoi.uai, "import : emploi du temps", par) as session:
        # Deux imports de la même école se suivent ; le verrou tombe avec la transaction.
        session.execute(text("select pg_advisory_xact_lock(hashtext(:cle))"), {"cle": f"sts:{envoi.uai}"})
        chargement = _Chargement(session, envoi, horloge)
        rapport = chargement.executer(simulation=simulation, progression=progression)
        if not simulation:
            lot = enregistrer_lot(
                session, horloge, rapport, format_lu=FORMAT, empreinte=empreinte_des(fichiers), par=par
            )
            consigner(session, horloge, "emploi_du_temps.importe", uai=envoi.uai, acteur=par, objet=str(lot))
            rapport = replace(rapport, lot=lot)
    return rapport


@dataclass(frozen=True, slots=True)
class _Envoi:
    """Un fichier, ou les deux, d'un même établissement et d'une même année."""

    nom: str
    uai: str
    annee: int
    emploi_du_temps: FichierSts
    nom_individus: str
    individus: FichierSts | None


def _lire(emploi_du_temps: Path, individus: Path | None, noms: tuple[str, str], uai: str | None) -> _Envoi:
    nom = noms[0] or emploi_du_temps.name
    lu = lire_sts(emploi_du_temps, nom)
    if lu.nature is not Nature.EMPLOI_DU_TEMPS:
        raise FichierRefuse(
            "Ce fichier décrit les structures (sts_emp), pas l'emploi du temps.",
            remede="donner le fichier emp_sts_<UAI>_<année>.xml, que le logiciel d'emploi du temps exporte.",
            lieu=nom,
        )
    if lu.etablissement is None:
        raise FichierRefuse(
            "Le fichier ne dit pas de quel établissement ni de quelle année il parle.",
            remede="refaire l'export depuis le logiciel d'emploi du temps.",
            lieu=nom,
        )
    # Les classes portent les mêmes codes partout : l'emploi du temps d'une autre école passerait inaperçu.
    if uai is not None and lu.etablissement.uai != uai:
        raise FichierRefuse(
            f"Ce fichier est celui de l'établissement {lu.etablissement.uai}, pas de {uai}.",
            remede="vérifier le fichier, ou importer depuis l'autre établissement.",
            lieu=nom,
        )
    decrits, nom_individus = None, ""
    if individus is not None:
        nom_individus = noms[1] or individus.name
        decrits = lire_sts(individus, nom_individus)
        if decrits.nature is not Nature.STRUCTURES or decrits.etablissement != lu.etablissement:
            raise FichierRefuse(
                "Le fichier des individus n'est pas le sts_emp du même établissement et de la même année.",
                remede=f"donner sts_emp_{lu.etablissement.uai}_{lu.etablissement.annee}.xml.",
                lieu=nom_individus,
            )
    return _Envoi(nom, lu.etablissement.uai, lu.etablissement.annee, lu, nom_individus, decrits)


class _Chargement:
    """Un import : ce qui est lu, ce qui est voulu, ce qui est mis de côté."""

    def __init__(self, session: Session, envoi: _Envoi, horloge: Horloge) -> None:
        etablissement = session.get(Etablissement, envoi.uai)
        if etablissement is None:
            raise Introuvable(
                f"L'établissement {envoi.uai} n'est pas connu de cet ENT.",
                remede="importer d'abord l'annuaire de l'académie, ou vérifier le fichier.",
                lieu=envoi.nom,
            )
        self._session = session
        self._envoi = envoi
        self._jour = horloge.aujourd_hui()
        self._constats: list[Constat] = []
        self._structures = structures_de(session, envoi.uai, envoi.annee)
        cours = envoi.emploi_du_temps.cours
        cites = {agent for un in cours for agent in un.enseignants}
        self._agents = rapprocher_agents(session, etablissement, cites, envoi.individus, self._jour)

    def executer(self, *, simulation: bool, progression: Avancement) -> RapportChargement:
        """Compare, et applique sauf en simulation."""
        envoi = self._envoi
        self._constater_lecture()
        self._constater_agents(self._agents)
        retenus = list(self._cours_retenus())
        progression("comparaison", 0, 1)
        ecart = comparer(self._seances(retenus), tenues(self._session, envoi.uai, envoi.annee))
        source = source_d_ecole(FORMAT, envoi.uai)
        services = ecart_services(
            self._services_voulus(retenus), services_tenus(self._session, envoi.uai, envoi.annee), source
        )
        progression("comparaison", 1, 1)
        if not simulation:
            progression("écriture", 0, 1)
            ecrire_seances(self._session, envoi.uai, envoi.annee, ecart)
            ecrire_services(self._session, envoi.uai, envoi.annee, services, source, self._debut())
            progression("écriture", 1, 1)
        return RapportChargement(
            uai=envoi.uai,
            annee=envoi.annee,
            simulation=simulation,
            ecarts=(
                Ecart(
                    "Séances",
                    len(ecart.ajouts),
                    len(ecart.modifications),
                    len(ecart.retraits),
                    ecart.inchangees,
                ),
                Ecart("Services", len(services.ajouts), 0, len(services.retraits), services.inchanges),
            ),
            constats=tuple(self._constats),
        )

    def _debut(self) -> date:
        """Le jour présent, ramené dans l'année du fichier."""
        annee = self._envoi.annee
        return min(max(self._jour, date(annee, 8, 1)), date(annee + 1, 7, 31))

    def _cours_retenus(self) -> Iterator[tuple[CoursSts, Structure]]:
        inconnues: Counter[tuple[str, str]] = Counter()
        for cours in self._envoi.emploi_du_temps.cours:
            structure = self._structures.get((cours.type_structure, cours.structure))
            if structure is None:
                inconnues[cours.type_structure.value, cours.structure] += 1
            else:
                yield cours, structure
        for (nature, code), nombre in sorted(inconnues.items()):
            sorte = "la division" if nature == "D" else "le groupe"
            self._constater(
                code,
                "division_inconnue" if nature == "D" else "groupe_inconnu",
                f"{sorte} {code} n'existe pas dans l'annuaire ; {nombre} cours mis de côté",
                Gravite.REJET,
            )

    def _seances(self, retenus: Iterable[tuple[CoursSts, Structure]]) -> Iterator[Seance]:
        alternances = self._envoi.emploi_du_temps.alternances
        personnes = self._agents.personnes
        longues: Counter[str] = Counter()
        hors_annee = 0
        for cours, structure in retenus:
            enseignants = frozenset(personnes[agent] for agent in cours.enseignants if agent in personnes)
            matiere: str | None = cours.matiere
            if len(cours.matiere) > _LONGUEUR_MATIERE:
                longues[cours.matiere] += 1
                matiere = None
            for jour, debut, fin in occurrences(cours, alternances):
                if annee_scolaire(jour) != self._envoi.annee:
                    hors_annee += 1
                    continue
                yield Seance(
                    debut=datetime.combine(jour, debut, FUSEAU).astimezone(UTC),
                    fin=datetime.combine(jour, fin, FUSEAU).astimezone(UTC),
                    division_id=structure.division_id,
                    groupe_id=structure.groupe_id,
                    matiere=matiere,
                    salle=cours.salle or None,
                    enseignants=enseignants,
                )
        for code, nombre in sorted(longues.items()):
            motif = f"code de matière de plus de six caractères ; {nombre} cours gardé(s) sans matière"
            self._constater(code[:20], "matiere_inconnue", motif, Gravite.AVERTISSEMENT)
        if hors_annee:
            motif = (
                f"{hors_annee} séance(s) hors de l'année {libelle_annee(self._envoi.annee)}, mises de côté"
            )
            self._constater("", "seance_hors_annee", motif, Gravite.REJET)

    def _services_voulus(self, retenus: Iterable[tuple[CoursSts, Structure]]) -> set[ServiceVoulu]:
        return {
            ServiceVoulu(
                self._agents.personnes[agent],
                cours.matiere if len(cours.matiere) <= _LONGUEUR_MATIERE else None,
                structure.division_id,
                structure.groupe_id,
            )
            for cours, structure in retenus
            for agent in cours.enseignants
            if agent in self._agents.personnes
        }

    def _constater_lecture(self) -> None:
        envoi = self._envoi
        self._constats += map(_constat_de_lecture(envoi.nom), envoi.emploi_du_temps.anomalies)
        if envoi.individus is not None:
            self._constats += map(_constat_de_lecture(envoi.nom_individus), envoi.individus.anomalies)
        courante = annee_scolaire(self._jour)
        if envoi.annee != courante:
            motif = f"fichier de {libelle_annee(envoi.annee)}, l'année en cours est {libelle_annee(courante)}"
            self._constater("", "autre_annee", motif, Gravite.AVERTISSEMENT)

    def _constater_agents(self, agents: Agents) -> None:
        for reference, motif in agents.inconnus.items():
            cle = f"{reference.type} {reference.id}"
            self._constater(
                cle,
                "agent_non_rapproche",
                f"{motif} ; ses cours restent sans enseignant",
                Gravite.AVERTISSEMENT,
            )

    def _constater(self, cle: str, code: str, motif: str, gravite: Gravite) -> None:
        self._constats.append(Constat(self._envoi.nom, None, cle, code, motif, gravite))


def _constat_de_lecture(nom: str) -> Callable[[AnomalieSts], Constat]:
    def traduire(anomalie: AnomalieSts) -> Constat:
        gravite = Gravite.REJET if anomalie.code in _REJETS else Gravite.AVERTISSEMENT
        return Constat(nom, anomalie.ligne, "", anomalie.code, anomalie.motif, gravite)

    return traduire

"""Les deux fichiers STS d'un établissement : structures et agents (STS_EDT), emploi du temps (EDT_STS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from lxml import etree

from ent_core.demo.calendrier_scolaire import rentree, semaines_de_cours
from ent_core.demo.emploi_du_temps import PLAGES
from ent_core.demo.modele import Cours, Etablissement, Personnel, Service
from ent_core.demo.nomenclatures import DISCIPLINES, MATIERES, NIVEAUX, TYPES

__all__ = ["ecrire_sts"]

# L'encodage de ces fichiers en production ; ce qu'il ignore part en référence numérique.
_ENCODAGE = "ISO-8859-15"
_MERCREDI = 3


def ecrire_sts(
    dossier: Path, etablissement: Etablissement, agents: Sequence[Personnel], annee: int
) -> tuple[Path, Path]:
    """Écrit les deux fichiers d'un établissement.

    :param dossier: dossier existant.
    :param agents: agents du bassin ; seuls ceux de l'établissement sont écrits.
    :param annee: première année civile de l'année scolaire.
    :returns: le fichier descendant (sts_emp) et le fichier montant (emp_sts).
    """
    descendant = dossier / f"sts_emp_{etablissement.uai}_{annee}.xml"
    montant = dossier / f"emp_sts_{etablissement.uai}_{annee}.xml"
    presents = [a for a in agents if any(f.structure == etablissement.cle for f in a.fonctions)]
    _enregistrer(_structures(etablissement, presents, annee), descendant)
    _enregistrer(_emploi_du_temps(etablissement, annee), montant)
    return descendant, montant


def _enregistrer(racine: etree._Element, chemin: Path) -> None:
    etree.indent(racine)
    etree.ElementTree(racine).write(str(chemin), encoding=_ENCODAGE, xml_declaration=True)


def _balise(parent: etree._Element, nom: str, texte: str = "", **attributs: str) -> etree._Element:
    element = etree.SubElement(parent, nom, attributs)
    if texte:
        element.text = texte
    return element


def _heures(demi_heures: int) -> str:
    return f"{demi_heures / 2:.2f}"


def _structures(e: Etablissement, agents: Iterable[Personnel], annee: int) -> etree._Element:
    racine = etree.Element("STS_EDT")
    parametres = _balise(racine, "PARAMETRES")
    uaj = _balise(parametres, "UAJ", CODE=e.uai)
    academie = _balise(uaj, "ACADEMIE")
    _balise(academie, "CODE", "099")
    _balise(academie, "LIBELLE", "EXEMPLE")
    genre = TYPES[e.type]
    for nom, texte in (
        ("SIGLE", genre.sigle),
        ("DENOM_PRINC", genre.libelle),
        ("DENOM_COMPL", e.nom),
        ("CODE_NATURE", genre.nature),
        ("CODE_CATEGORIE", "CLG" if genre.sigle == "CLG" else "LYC"),
        ("ADRESSE", e.adresse.lignes[0]),
        ("COMMUNE", e.adresse.ville),
        ("CODE_POSTAL", e.adresse.code_postal),
        ("TELEPHONE", e.telephone),
        ("STATUT", "public"),
    ):
        _balise(uaj, nom, texte)
    scolaire = _balise(parametres, "ANNEE_SCOLAIRE", ANNEE=str(annee))
    debut, fin = rentree(annee), date(annee + 1, 8, 31)
    _balise(scolaire, "DATE_DEBUT", debut.isoformat())
    _balise(scolaire, "DATE_FIN", fin.isoformat())
    _nomenclatures(_balise(racine, "NOMENCLATURES"), e)
    donnees = _balise(racine, "DONNEES")
    individus = _balise(donnees, "INDIVIDUS")
    for agent in agents:
        _individu(individus, agent, e.cle, debut, fin)
    _services(_balise(donnees, "STRUCTURE"), e, avec_cours=False)
    return racine


def _nomenclatures(parent: etree._Element, e: Etablissement) -> None:
    civilites = _balise(parent, "CIVILITES")
    for code, libelle in (("1", "M."), ("2", "MME")):
        civilite = _balise(civilites, "CIVILITE", CODE=code)
        _balise(civilite, "LIBELLE_COURT", libelle)
    modalite = _balise(_balise(parent, "MODS_COURS"), "MOD_COURS", CODE="CG")
    _balise(modalite, "LIBELLE_LONG", "COURS GENERAL")
    matieres = _balise(parent, "MATIERES")
    for code in dict.fromkeys(s.matiere for s in e.services):
        matiere = _balise(matieres, "MATIERE", CODE=code)
        _balise(matiere, "CODE_GESTION", MATIERES[code].gestion)
        _balise(matiere, "LIBELLE_COURT", MATIERES[code].libelle[:20])
        _balise(matiere, "LIBELLE_LONG", MATIERES[code].libelle)
        _balise(matiere, "LIBELLE_EDITION", MATIERES[code].libelle.capitalize())
    mefs = _balise(parent, "MEFS")
    for cle in dict.fromkeys(d.niveau for d in e.divisions):
        mef = _balise(mefs, "MEF", CODE=NIVEAUX[cle].mef)
        _balise(mef, "FORMATION", NIVEAUX[cle].libelle)
        _balise(mef, "LIBELLE_LONG", NIVEAUX[cle].libelle)
        _balise(mef, "MEFSTAT11", NIVEAUX[cle].mefstat)
        _balise(mef, "MEFSTAT4", NIVEAUX[cle].mefstat[:4])


def _individu(parent: etree._Element, a: Personnel, cle: int, debut: date, fin: date) -> None:
    individu = _balise(parent, "INDIVIDU", ID=str(a.cle), TYPE="epp")
    sexe = "1" if a.civilite == "M." else "2"
    _balise(individu, "SEXE", sexe)
    _balise(individu, "CIVILITE", sexe)
    _balise(individu, "NOM_USAGE", a.nom_usage)
    _balise(individu, "NOM_PATRONYMIQUE", a.nom_naissance)
    _balise(individu, "PRENOM", a.prenom)
    _balise(individu, "DATE_NAISSANCE", a.naissance.isoformat())
    _balise(individu, "FONCTION", a.fonctions[-1].code)
    divisions = [division for structure, division in a.principal if structure == cle]
    if divisions:
        principaux = _balise(individu, "PROFS_PRINC")
        for division in divisions:
            principal = _balise(principaux, "PROF_PRINC")
            _balise(principal, "CODE_STRUCTURE", division)
            _balise(principal, "DATE_DEBUT", debut.isoformat())
            _balise(principal, "DATE_FIN", fin.isoformat())
    if a.discipline:
        fiche = DISCIPLINES[a.discipline]
        discipline = _balise(_balise(individu, "DISCIPLINES"), "DISCIPLINE", CODE=fiche.poste)
        _balise(discipline, "LIBELLE_COURT", fiche.libelle[:10])
        _balise(discipline, "NB_HEURES", "18.00")


def _emploi_du_temps(e: Etablissement, annee: int) -> etree._Element:
    racine = etree.Element("EDT_STS")
    parametres = _balise(racine, "PARAMETRES")
    _balise(parametres, "UAJ", e.uai)
    _balise(parametres, "ANNEE_SCOLAIRE", str(annee))
    _balise(parametres, "APPLICATION_SOURCE", "ENT_DEMO")
    donnees = _balise(racine, "DONNEES")
    horaires = _balise(donnees, "HORAIRES")
    for jour in range(1, 6):
        horaire = _balise(horaires, "HORAIRE", JOUR=str(jour))
        _balise(horaire, "DEBUT_COURS", PLAGES[0][0])
        _balise(horaire, "FIN_COURS", PLAGES[3 if jour == _MERCREDI else -1][1])
    _alternances(_balise(donnees, "ALTERNANCES"), semaines_de_cours(annee))
    salles = _balise(donnees, "SALLES_COURS")
    for code in sorted({c.salle for s in e.services for c in s.cours}):
        _balise(salles, "SALLE_COURS", CODE=code)
    _services(_balise(donnees, "STRUCTURE"), e, avec_cours=True)
    return racine


def _alternances(parent: etree._Element, lundis: Sequence[date]) -> None:
    for code, libelle, retenus in (
        ("H", "Hebdomadaire", lundis),
        ("QA", "Quinzaine A", lundis[::2]),
        ("QB", "Quinzaine B", lundis[1::2]),
    ):
        alternance = _balise(parent, "ALTERNANCE", CODE=code)
        _balise(alternance, "LIBELLE_COURT", libelle)
        _balise(alternance, "LIBELLE_LONG", libelle)
        semaines = _balise(alternance, "SEMAINES")
        for lundi in retenus:
            _balise(semaines, "DATE_DEBUT_SEMAINE", lundi.isoformat())


def _services(parent: etree._Element, e: Etablissement, *, avec_cours: bool) -> None:
    par_cible: dict[tuple[bool, str], list[Service]] = {}
    for service in e.services:
        par_cible.setdefault((service.est_groupe, service.cible), []).append(service)
    divisions = _balise(parent, "DIVISIONS")
    for division in e.divisions:
        balise = _balise(divisions, "DIVISION", CODE=division.code)
        _balise(balise, "LIBELLE_LONG", division.libelle)
        _balise(balise, "EFFECTIF_PREVU", str(division.effectif))
        appartenances = _balise(balise, "MEFS_APPARTENANCE")
        _balise(appartenances, "MEF_APPARTENANCE", CODE=NIVEAUX[division.niveau].mef)
        _services_de(balise, par_cible.get((False, division.code), ()), avec_cours)
    groupes = _balise(parent, "GROUPES")
    for groupe in e.groupes:
        balise = _balise(groupes, "GROUPE", CODE=groupe.code)
        _balise(balise, "LIBELLE_LONG", groupe.libelle)
        appartenances = _balise(balise, "DIVISIONS_APPARTENANCE")
        for code in groupe.divisions:
            _balise(appartenances, "DIVISION_APPARTENANCE", CODE=code)
        _services_de(balise, par_cible.get((True, groupe.code), ()), avec_cours)


def _services_de(parent: etree._Element, services: Iterable[Service], avec_cours: bool) -> None:
    balises = _balise(parent, "SERVICES")
    for service in services:
        balise = _balise(balises, "SERVICE", CODE_MATIERE=service.matiere, CODE_MOD_COURS="CG")
        _balise(balise, "HEURES_STRUCTURE", _heures(service.demi_heures))
        _balise(balise, "CO_ENS", "true" if len(service.enseignants) > 1 else "false")
        enseignants = _balise(balise, "ENSEIGNANTS")
        for cle in service.enseignants:
            enseignant = _balise(enseignants, "ENSEIGNANT", TYPE="epp", ID=str(cle))
            _balise(enseignant, "HEURES_AGENT", _heures(service.demi_heures))
            if avec_cours:
                rattaches = _balise(enseignant, "COURS_RATTACHES")
                for cours in service.cours:
                    _cours(rattaches, cours)


def _cours(parent: etree._Element, cours: Cours) -> None:
    balise = _balise(parent, "COURS")
    _balise(balise, "CODE_ALTERNANCE", cours.alternance)
    _balise(balise, "JOUR", str(cours.jour))
    _balise(balise, "HEURE_DEBUT", cours.debut)
    _balise(balise, "DUREE", cours.duree)
    _balise(balise, "CODE_SALLE", cours.salle)

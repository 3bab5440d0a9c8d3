"""Lire les deux fichiers de STS : ``sts_emp`` (agents et structures) et ``emp_sts`` (emploi du temps)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from ent_core.contrat.uai import UAI
from ent_core.identite.sts.document import ouvrir_document
from ent_core.identite.sts.modeles import (
    Alternance,
    AnomalieSts,
    CoursSts,
    DivisionSts,
    Etablissement,
    FichierSts,
    GroupeSts,
    Individu,
    Nature,
    ProfesseurPrincipal,
    ReferenceAgent,
    ServiceSts,
    TypeStructure,
)
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["lire_sts"]

_HEURE = re.compile(r"\A(\d{1,2})(\d{2})\Z")
_STRUCTURES = (("DIVISION", TypeStructure.DIVISION), ("GROUPE", TypeStructure.GROUPE))


def lire_sts(source: Path | bytes, nom: str = "") -> FichierSts:
    """Lit un fichier STS, dans un sens ou dans l'autre ; c'est sa racine qui dit lequel.

    Un élément fautif est mis de côté et signalé dans ``anomalies`` ; le reste est lu.

    :param source: chemin du fichier, ou son contenu.
    :param nom: nom donné par la personne ; à défaut, celui du chemin.
    :raises FichierRefuse: illisible, dangereux, mal formé, ou d'une autre racine.
    """
    nom = nom or (source.name if isinstance(source, Path) else "fichier reçu")
    racine = ouvrir_document(source, nom)
    if racine.tag not in set(Nature):
        raise FichierRefuse(
            "Ce document XML n'est pas un fichier STS : sa racine n'est ni STS_EDT, ni EDT_STS.",
            remede="déposer le fichier sts_emp_<UAI>_<année>.xml ou emp_sts_<UAI>_<année>.xml",
            lieu=nom,
        )
    return _Lecteur(racine).lire()


class _Lecteur:
    """Une lecture : la racine, et les anomalies rencontrées."""

    def __init__(self, racine: etree._Element) -> None:
        self._racine = racine
        self._anomalies: list[AnomalieSts] = []

    def lire(self) -> FichierSts:
        nature = Nature(str(self._racine.tag))
        # Dans l'autre sens, les individus n'ont ni type ni nom : ils ne portent que des indemnités.
        individus = tuple(self._individus()) if nature is Nature.STRUCTURES else ()
        connus = {individu.reference for individu in individus} if nature is Nature.STRUCTURES else None
        alternances = MappingProxyType(self._alternances())
        return FichierSts(
            nature=nature,
            etablissement=self._etablissement(),
            individus=individus,
            divisions=tuple(self._divisions()),
            groupes=tuple(self._groupes()),
            services=tuple(self._services(connus)),
            cours=tuple(self._cours(alternances)),
            alternances=alternances,
            anomalies=tuple(sorted(self._anomalies, key=lambda anomalie: (anomalie.ligne, anomalie.code))),
        )

    def _signaler(self, code: str, element: etree._Element, motif: str) -> None:
        ligne: Any = element.sourceline  # les types publiés de lxml ne le disent pas entier
        self._anomalies.append(AnomalieSts(code, ligne or 0, motif))

    def _etablissement(self) -> Etablissement | None:
        uaj, annee = self._racine.find("PARAMETRES/UAJ"), self._racine.find("PARAMETRES/ANNEE_SCOLAIRE")
        if uaj is None or annee is None:
            self._signaler("parametres_absents", self._racine, "ni établissement ni année dans PARAMETRES")
            return None
        uai = (_attribut(uaj, "CODE") or _texte(uaj)).upper()
        premiere = _attribut(annee, "ANNEE") or _texte(annee)
        if not UAI.match(uai) or not re.fullmatch(r"\d{4}", premiere):
            self._signaler(
                "parametres_invalides", uaj, "le code de l'établissement ou l'année n'est pas valable"
            )
            return None
        return Etablissement(uai, int(premiere))

    def _individus(self) -> Iterator[Individu]:
        vus: set[ReferenceAgent] = set()
        for element in self._racine.iter("INDIVIDU", "SUPPLEANT"):
            reference = _reference(element)
            if reference is None:
                self._signaler("agent_sans_identifiant", element, "un agent n'a pas d'ID ou pas de TYPE")
                continue
            if reference in vus:
                self._signaler(
                    "agent_repete", element, f"l'agent {_cite(reference)} est déjà décrit plus haut"
                )
                continue
            vus.add(reference)
            naissance = _texte_de(element, "NOM_PATRONYMIQUE")
            individu = Individu(
                id=reference.id,
                type=reference.type,
                nom=_texte_de(element, "NOM_USAGE") or naissance,
                prenom=_texte_de(element, "PRENOM"),
                fonction=_texte_de(element, "FONCTION"),
                profs_princ=tuple(self._profs_princ(element)),
                nom_naissance=naissance,
                date_naissance=self._date(element.find("DATE_NAISSANCE")),
            )
            if not individu.nom:
                self._signaler("agent_sans_nom", element, f"l'agent {_cite(reference)} n'a pas de nom")
            yield individu

    def _profs_princ(self, individu: etree._Element) -> Iterator[ProfesseurPrincipal]:
        for element in individu.iterfind("PROFS_PRINC/PROF_PRINC"):
            if structure := _texte_de(element, "CODE_STRUCTURE"):
                debut, fin = element.find("DATE_DEBUT"), element.find("DATE_FIN")
                yield ProfesseurPrincipal(structure, self._date(debut), self._date(fin))

    def _structures(self, balise: str) -> Iterator[tuple[str, etree._Element]]:
        """Les divisions ou les groupes, où qu'ils soient : certains logiciels imbriquent les seconds."""
        for element in self._racine.iter(balise):
            if code := _attribut(element, "CODE"):
                yield code, element

    def _divisions(self) -> Iterator[DivisionSts]:
        vues: set[str] = set()
        for code, element in self._structures("DIVISION"):
            if code in vues:
                self._signaler("division_repetee", element, f"la division {code} est déjà décrite plus haut")
                continue
            vues.add(code)
            mefs = _codes(element.iterfind("MEFS_APPARTENANCE/*"))
            yield DivisionSts(code, _texte_de(element, "LIBELLE_LONG"), mefs)
        for element in self._racine.iter("DIVISION", "GROUPE"):
            if not _attribut(element, "CODE"):
                self._signaler("structure_sans_code", element, "une division ou un groupe n'a pas de code")

    def _groupes(self) -> Iterator[GroupeSts]:
        vus: set[str] = set()
        for code, element in self._structures("GROUPE"):
            if code in vus:
                self._signaler("groupe_repete", element, f"le groupe {code} est déjà décrit plus haut")
                continue
            vus.add(code)
            divisions = _codes(element.iterfind("DIVISIONS_APPARTENANCE/*"))
            yield GroupeSts(code, _texte_de(element, "LIBELLE_LONG"), divisions)

    def _elements_service(self) -> Iterator[tuple[str, TypeStructure, etree._Element]]:
        for balise, type_structure in _STRUCTURES:
            for code, structure in self._structures(balise):
                for element in structure.iterfind("SERVICES/SERVICE"):
                    yield code, type_structure, element

    def _services(self, connus: set[ReferenceAgent] | None) -> Iterator[ServiceSts]:
        for code, type_structure, element in self._elements_service():
            matiere = _attribut(element, "CODE_MATIERE")
            if not matiere:
                self._signaler("service_sans_matiere", element, f"un service de {code} n'a pas de matière")
                continue
            enseignants = tuple(dict.fromkeys(self._agents_cites(element, code)))
            inconnus = tuple(agent for agent in enseignants if connus is not None and agent not in connus)
            if inconnus:
                cites = ", ".join(map(_cite, inconnus))
                self._signaler(
                    "agent_inconnu", element, f"un service de {code} cite un agent non décrit : {cites}"
                )
            modalite = _attribut(element, "CODE_MOD_COURS")
            yield ServiceSts(code, type_structure, matiere, modalite, enseignants, inconnus)

    def _agents_cites(self, service: etree._Element, structure: str) -> Iterator[ReferenceAgent]:
        for element in service.iterfind("ENSEIGNANTS/ENSEIGNANT"):
            if reference := _reference(element):
                yield reference
            else:
                motif = f"un service de {structure} a un enseignant sans ID ou sans TYPE"
                self._signaler("agent_sans_identifiant", element, motif)

    def _cours(self, alternances: MappingProxyType[str, Alternance]) -> Iterator[CoursSts]:
        """Les cours ; le même cours rattaché à plusieurs enseignants d'un service n'en fait qu'un."""
        for code, type_structure, service in self._elements_service():
            matiere, modalite = _attribut(service, "CODE_MATIERE"), _attribut(service, "CODE_MOD_COURS")
            if not matiere:
                continue
            reunis: dict[tuple[str, int, time, timedelta, str], dict[ReferenceAgent, None]] = {}
            for enseignant in service.iterfind("ENSEIGNANTS/ENSEIGNANT"):
                reference = _reference(enseignant)
                for element in enseignant.iterfind("COURS_RATTACHES/COURS"):
                    if creneau := self._creneau(element, code, alternances):
                        # Sans identifiant, l'enseignant est perdu, mais la classe a bien cours.
                        reunis.setdefault(creneau, {}).update({reference: None} if reference else {})
            for (alternance, jour, debut, duree, salle), agents in reunis.items():
                yield CoursSts(
                    structure=code,
                    type_structure=type_structure,
                    matiere=matiere,
                    modalite=modalite,
                    enseignants=tuple(agents),
                    alternance=alternance,
                    jour=jour,
                    debut=debut,
                    duree=duree,
                    salle=salle,
                )

    def _creneau(
        self, element: etree._Element, structure: str, alternances: MappingProxyType[str, Alternance]
    ) -> tuple[str, int, time, timedelta, str] | None:
        alternance, jour = _texte_de(element, "CODE_ALTERNANCE"), _texte_de(element, "JOUR")
        debut, duree = _minutes(_texte_de(element, "HEURE_DEBUT")), _minutes(_texte_de(element, "DUREE"))
        if jour not in set("1234567") or debut is None or not duree or debut + duree >= 24 * 60:
            motif = (
                f"un cours de {structure} a un jour, une heure ou une durée impossible ; il est mis de côté"
            )
            self._signaler("horaire_invalide", element, motif)
            return None
        if alternance not in alternances:
            motif = f"un cours de {structure} cite une alternance non décrite ; il n'aura aucune séance"
            self._signaler("alternance_inconnue", element, motif)
        heure = time(debut // 60, debut % 60)
        return alternance, int(jour), heure, timedelta(minutes=duree), _texte_de(element, "CODE_SALLE")

    def _alternances(self) -> dict[str, Alternance]:
        """Les alternances, sous DONNEES ou à la racine selon le logiciel."""
        alternances: dict[str, Alternance] = {}
        for element in self._racine.iter("ALTERNANCE"):
            code = _attribut(element, "CODE")
            if not code or code in alternances:
                self._signaler(
                    "alternance_repetee", element, "une alternance n'a pas de code, ou un code déjà pris"
                )
                continue
            libelle = _texte_de(element, "LIBELLE_LONG") or _texte_de(element, "LIBELLE_COURT")
            lundis = {
                lundi for semaine in element.iter("DATE_DEBUT_SEMAINE") if (lundi := self._lundi(semaine))
            }
            alternances[code] = Alternance(code, libelle, tuple(sorted(lundis)))
        return alternances

    def _lundi(self, element: etree._Element) -> date | None:
        jour = self._date(element)
        if jour is None or jour.weekday() == 0:
            return jour
        self._signaler(
            "semaine_hors_lundi", element, "une semaine ne commence pas un lundi ; elle y est ramenée"
        )
        # Un dimanche ouvre la semaine qui vient ; tout autre jour appartient à la sienne.
        return jour + timedelta(days=1) if jour.weekday() == 6 else jour - timedelta(days=jour.weekday())

    def _date(self, element: etree._Element | None) -> date | None:
        texte = _texte(element)
        if element is None or not texte:
            return None
        try:
            return datetime.strptime(texte, "%Y-%m-%d").date()  # noqa: DTZ007  # un jour n'a pas de fuseau
        except ValueError:
            self._signaler(
                "date_invalide", element, f"la date de {element.tag} n'est pas au format aaaa-mm-jj"
            )
            return None


def _texte(element: etree._Element | None) -> str:
    """Le texte sans blancs : les exports l'entourent souvent d'espaces et de fins de ligne."""
    return "" if element is None or element.text is None else " ".join(element.text.split())


def _texte_de(element: etree._Element, balise: str) -> str:
    return _texte(element.find(balise))


def _attribut(element: etree._Element, nom: str) -> str:
    return str(element.get(nom, "")).strip()


def _codes(elements: Iterable[etree._Element]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for element in elements if (code := _attribut(element, "CODE"))))


def _reference(element: etree._Element) -> ReferenceAgent | None:
    identifiant, type_agent = _attribut(element, "ID"), _attribut(element, "TYPE")
    return ReferenceAgent(type_agent, identifiant) if identifiant and type_agent else None


def _cite(reference: ReferenceAgent) -> str:
    return f"{reference.type} {reference.id}"


def _minutes(texte: str) -> int | None:
    """« 1402 » ou « 800 » en minutes ; ``None`` si ce n'est pas une heure."""
    trouve = _HEURE.match(texte)
    if trouve is None or int(trouve[1]) > 23 or int(trouve[2]) > 59:
        return None
    return int(trouve[1]) * 60 + int(trouve[2])

"""Les nœuds XML du GAR, d'une fiche à son texte : pur, sans base ni fichier.

Tout texte vient de l'annuaire : il est remis d'aplomb (:func:`propre`), puis échappé. Les noms des balises
sont ceux du schéma, à la lettre.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from xml.sax.saxutils import escape

from ent_core.federation.gar.anomalies import MotifGar
from ent_core.federation.gar.format import LONGUEURS

__all__ = [
    "FicheGar", "civilite", "code_sain", "defaut", "division", "eleve", "enseigne", "etablissement", "groupe",
    "ligne", "matiere", "mef", "personnel", "propre", "resp_aff", "telephone",
]  # fmt: skip

# Ce que XML 1.0 n'admet pas, même échappé ; et les commandes de C1, qui ne s'écrivent pas dans un nom.
_INTERDITS = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CODE = re.compile("[\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_CIVILITES = {"M": "M.", "MR": "M.", "MONSIEUR": "M.", "MME": "Mme", "MLLE": "Mme", "MADAME": "Mme"}


def propre(texte: str | None) -> str:
    """Un texte que XML 1.0 admet, sur une ligne, sans blancs de trop.

    :param texte: texte de l'annuaire.
    """
    return " ".join(_INTERDITS.sub(" ", unicodedata.normalize("NFC", texte or "")).split())


def code_sain(code: str) -> bool:
    """Vrai si un code passe tel quel : le changer le ferait désigner autre chose, ou deux choses à la fois.

    :param code: code d'une formation, d'une discipline ou d'une structure.
    """
    return (
        bool(code.strip()) and len(code) <= LONGUEURS["GARGroupeCode"] and _CODE.fullmatch(code) is not None
    )


def civilite(texte: str | None) -> str:
    """« M. » ou « Mme », les deux que le GAR connaît ; vide sinon.

    :param texte: civilité de l'annuaire.
    """
    return _CIVILITES.get(propre(texte).rstrip(".").upper(), "")


def telephone(texte: str | None) -> str | None:
    """Le téléphone d'un établissement, tel que le GAR l'admet ; ``None`` s'il n'y tient pas.

    :param texte: numéro de l'annuaire.
    """
    numero = propre(texte)
    if len(numero) > LONGUEURS["GARStructureTelephone"]:
        numero = numero.replace(" ", "")
    return numero if len(numero) <= LONGUEURS["GARStructureTelephone"] else None


@dataclass(frozen=True, slots=True)
class FicheGar:
    """Une personne, telle que l'annuaire la donne.

    :param identifiant: son identifiant pour le GAR.
    :param personne_id: sa fiche ; ne sort jamais de l'ENT.
    :param profils: établissement → profil du GAR, dans l'ordre des établissements.
    """

    identifiant: UUID
    personne_id: UUID
    nom: str
    prenom: str | None
    nom_naissance: str | None = None
    autres_prenoms: tuple[str, ...] = ()
    civilite: str | None = None
    naissance: date | None = None
    courriel: str | None = None
    profils: tuple[tuple[str, str], ...] = ()


def defaut(fiche: FicheGar, *, naissance: bool = False, courriel: bool = False) -> MotifGar | None:
    """Ce qui empêche de transmettre une fiche, ou ``None``.

    :param fiche: personne.
    :param naissance: la date de naissance est exigée : le GAR s'en sert pour reconnaître un élève.
    :param courriel: l'adresse est exigée : le GAR s'en sert pour prévenir qui affecte les ressources.
    """
    textes = (fiche.nom, fiche.prenom, fiche.nom_naissance, *fiche.autres_prenoms)
    if not propre(fiche.nom):
        return MotifGar.NOM
    if not propre(fiche.prenom):
        return MotifGar.PRENOM
    if naissance and fiche.naissance is None:
        return MotifGar.NAISSANCE
    if courriel and "@" not in propre(fiche.courriel):
        return MotifGar.ADRESSE
    longueur = LONGUEURS["GARPersonNom"]
    return MotifGar.LONGUEUR if any(len(propre(texte)) > longueur for texte in textes) else None


def eleve(fiche: FicheGar) -> str:
    """Le nœud d'un élève.

    :param fiche: élève sans défaut.
    """
    return _noeud("GAREleve", *_identite(fiche, rattache=True), *_etablissements(fiche), *_naissance(fiche))


def personnel(fiche: FicheGar, *, avec_courriel: bool = True) -> str:
    """Le nœud d'un personnel.

    :param fiche: personnel sans défaut.
    :param avec_courriel: faux au premier degré, dont le schéma n'a pas d'adresse.
    """
    adresse = propre(fiche.courriel) if avec_courriel else ""
    if "@" not in adresse or len(adresse) > LONGUEURS["GARPersonMail"]:
        adresse = ""
    return _noeud(
        "GAREnseignant",
        *_identite(fiche, rattache=False),
        *_etablissements(fiche),
        *_naissance(fiche),
        *_facultatif("GARPersonMail", adresse),
    )


def resp_aff(fiche: FicheGar) -> str:
    """Le nœud de qui affecte les ressources.

    :param fiche: personne sans défaut ; ses établissements sont ceux où elle affecte.
    """
    return _noeud(
        "GARRespAff",
        _texte("GARPersonIdentifiant", str(fiche.identifiant)),
        _texte("GARPersonNom", propre(fiche.nom)),
        _texte("GARPersonPrenom", propre(fiche.prenom)),
        *_facultatif("GARPersonCivilite", civilite(fiche.civilite)),
        _texte("GARPersonMail", propre(fiche.courriel)),
        *(_texte("GARRespAffEtab", uai) for uai, _ in fiche.profils),
    )


def etablissement(uai: str, nom: str, contrat: str | None, numero: str | None, courriel: str | None) -> str:
    """Le nœud d'un établissement.

    :param uai: code.
    :param nom: nom courant.
    :param contrat: public, ou sorte de contrat.
    :param numero: téléphone, s'il tient.
    :param courriel: adresse.
    """
    return _noeud(
        "GAREtab",
        _texte("GARStructureUAI", uai),
        _texte("GARStructureNomCourant", propre(nom)[: LONGUEURS["GARStructureNomCourant"]] or uai),
        *_facultatif("GARStructureContrat", propre(contrat)),
        *_facultatif("GARStructureTelephone", propre(numero)),
        *_facultatif("GARStructureEmail", propre(courriel)[: LONGUEURS["GARStructureEmail"]]),
    )


def mef(uai: str, code: str, libelle: str, rattachement: str | None, mefstat: str | None) -> str:
    """Le nœud d'une formation.

    :param uai: établissement qui la donne.
    :param code: code national.
    :param libelle: nom.
    :param rattachement: formation nationale.
    :param mefstat: code statistique.
    """
    return _noeud(
        "GARMEF",
        _texte("GARStructureUAI", uai),
        _texte("GARMEFCode", code),
        _texte("GARMEFLibelle", propre(libelle)[: LONGUEURS["GARMEFLibelle"]] or code),
        *_facultatif("GARMEFRattach", propre(rattachement)),
        *_facultatif("GARMEFSTAT11", propre(mefstat)),
    )


def division(uai: str, code: str, libelle: str) -> str:
    """Le nœud d'une division.

    :param uai: établissement.
    :param code: code de structure.
    :param libelle: nom ; à défaut, le code.
    """
    return _structure(uai, code, libelle, "DIVISION", ())


def groupe(uai: str, code: str, libelle: str, divisions: Iterable[str]) -> str:
    """Le nœud d'un groupe.

    :param uai: établissement.
    :param code: code de structure, que ne porte aucune division de l'établissement.
    :param libelle: nom ; à défaut, le code.
    :param divisions: codes des divisions dont il tire ses élèves, parmi celles qui sont transmises.
    """
    return _structure(uai, code, libelle, "GROUPE", divisions)


def _structure(uai: str, code: str, libelle: str, statut: str, divisions: Iterable[str]) -> str:
    return _noeud(
        "GARGroupe",
        _texte("GARGroupeCode", code),
        _texte("GARStructureUAI", uai),
        _texte("GARGroupeLibelle", propre(libelle)[: LONGUEURS["GARGroupeLibelle"]] or code),
        _texte("GARGroupeStatut", statut),
        *(_texte("GARGroupeDivAppartenance", d) for d in divisions),
    )


def ligne(noeud: str, uai: str, identifiant: UUID, champ: str, valeur: str) -> str:
    """Un lien d'une personne dans un établissement : à une formation, un niveau, une discipline, un groupe.

    :param noeud: balise du lien.
    :param champ: balise de ce à quoi il mène.
    :param valeur: code.
    """
    return _noeud(noeud, *_lien(uai, identifiant), _texte(champ, valeur))


def enseigne(noeud: str, uai: str, identifiant: UUID, code: str, disciplines: Iterable[str]) -> str:
    """Les disciplines qu'une personne enseigne à une division ou à un groupe.

    :param noeud: ``GAREnsClasseMatiere`` ou ``GAREnsGroupeMatiere``.
    :param code: code de la division ou du groupe.
    :param disciplines: codes, chacun une fois.
    """
    return _noeud(
        noeud,
        *_lien(uai, identifiant),
        _texte("GARGroupeCode", code),
        *(_texte("GARMatiereCode", d) for d in disciplines),
    )


def matiere(uai: str, code: str, libelle: str | None) -> str:
    """Le nœud d'une discipline.

    :param uai: établissement où elle s'enseigne.
    :param code: code national.
    :param libelle: nom ; absent de la nomenclature, le code en tient lieu.
    """
    return _noeud(
        "GARMatiere",
        _texte("GARStructureUAI", uai),
        _texte("GARMatiereCode", code),
        _texte("GARMatiereLibelle", propre(libelle)[: LONGUEURS["GARMatiereLibelle"]] or f"MATIERE {code}"),
    )


def _identite(fiche: FicheGar, *, rattache: bool) -> Iterable[str]:
    yield _texte("GARPersonIdentifiant", str(fiche.identifiant))
    for uai, profil in fiche.profils:
        yield _noeud("GARPersonProfils", _texte("GARStructureUAI", uai), _texte("GARPersonProfil", profil))
    yield from _facultatif("GARPersonNomPatro", propre(fiche.nom_naissance))
    yield _texte("GARPersonNom", propre(fiche.nom))
    prenom = propre(fiche.prenom)
    yield _texte("GARPersonPrenom", prenom)
    # Le schéma exige au moins un autre prénom : tous les prénoms, le prénom usuel compris.
    autres = [propre(autre) for autre in fiche.autres_prenoms]
    for autre in dict.fromkeys(filter(None, (prenom, *autres))):
        yield _texte("GARPersonAutresPrenoms", autre)
    yield from _facultatif("GARPersonCivilite", civilite(fiche.civilite))
    if rattache and len(fiche.profils) == 1:
        yield _texte("GARPersonStructRattach", fiche.profils[0][0])


def _etablissements(fiche: FicheGar) -> Iterable[str]:
    return (_texte("GARPersonEtab", uai) for uai, _ in fiche.profils)


def _naissance(fiche: FicheGar) -> Iterable[str]:
    return _facultatif("GARPersonDateNaissance", fiche.naissance.isoformat() if fiche.naissance else "")


def _lien(uai: str, identifiant: UUID) -> tuple[str, str]:
    return _texte("GARStructureUAI", uai), _texte("GARPersonIdentifiant", str(identifiant))


def _facultatif(balise: str, valeur: str) -> Iterable[str]:
    if valeur:
        yield _texte(balise, valeur)


def _texte(balise: str, valeur: str) -> str:
    return f"<men:{balise}>{escape(valeur)}</men:{balise}>"


def _noeud(balise: str, *contenu: str) -> str:
    return f"<men:{balise}>{''.join(contenu)}</men:{balise}>"

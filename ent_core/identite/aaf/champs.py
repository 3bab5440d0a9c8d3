"""La liste blanche : chaque attribut gardé, comment il se lit, et où il va. Rien d'autre n'entre en base.

Les noms du premier degré et du second se rejoignent ici. La clé du tampon porte le nom de la colonne
d'arrivée ; une clé au pluriel est une liste de valeurs composées, séparées par « $ ».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ent_core.contrat.uai import UAI
from ent_core.identite.aaf.constats import Code
from ent_core.identite.aaf.grammaire import Categorie
from ent_core.identite.aaf.valeurs import code_lien, decouper, lire_date, lire_nom, lire_telephone

__all__ = ["CHAMPS", "ILLISIBLE", "OBLIGATOIRES", "Champ", "Fautes", "Valeur", "attributs_utiles"]

Valeur = str | bool | list[str] | None
Fautes = list[tuple[Code, str]]
"""Défauts d'une valeur : code et motif, jamais la valeur elle-même."""


class _Illisible:
    """Valeur écartée : l'attribut compte comme absent."""


ILLISIBLE: Final = _Illisible()
Lecteur = Callable[[list[str], Fautes], Valeur | _Illisible]

_TEXTE_MAX = 255
_CODE_MAX = 64
_LIENS = frozenset("10 20 37 38 39 41 42 43 50 51 70 90".split())
_BOOLEENS = frozenset("01")
_LEGAL = frozenset("012")
_OUI_NON: Mapping[str, bool] = MappingProxyType({"O": True, "N": False})


@dataclass(frozen=True, slots=True)
class Champ:
    """Destination d'un attribut.

    :param cle: clé du tampon.
    :param table: table où la valeur arrive.
    :param lire: lecture des valeurs ; ``None`` si l'attribut se lit avec un autre.
    """

    cle: str
    table: str
    lire: Lecteur | None


# --- Lectures --------------------------------------------------------------------------------------


def _texte(longueur: int) -> Lecteur:
    def lire(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
        if not valeurs:
            return None
        if len(valeurs[0]) > longueur:
            fautes.append((Code.VALEUR_ILLISIBLE, f"plus de {longueur} caractères"))
            return ILLISIBLE
        return valeurs[0]

    return lire


def _nom(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
    if not valeurs:
        return None
    if len(valeurs[0]) > _TEXTE_MAX:
        fautes.append((Code.VALEUR_ILLISIBLE, f"plus de {_TEXTE_MAX} caractères"))
        return ILLISIBLE
    return lire_nom(valeurs[0])


def _noms(valeurs: list[str], _fautes: Fautes) -> Valeur:
    return [lire_nom(valeur) for valeur in valeurs if len(valeur) <= _TEXTE_MAX]


def _date(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
    try:
        jour = lire_date(valeurs[0]) if valeurs else None
    except ValueError as erreur:
        fautes.append((Code.DATE_ILLISIBLE, str(erreur)))
        return ILLISIBLE
    return jour.isoformat() if jour else None


def _oui_non(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
    if not valeurs:
        return None
    lu = _OUI_NON.get(valeurs[0].upper())
    if lu is None:
        fautes.append((Code.VALEUR_ILLISIBLE, "O ou N attendu"))
        return ILLISIBLE
    return lu


def _telephone(valeurs: list[str], _fautes: Fautes) -> Valeur:
    return next(filter(None, map(lire_telephone, valeurs)), None)


def _adresse(valeurs: list[str], _fautes: Fautes) -> Valeur:
    lignes = filter(None, map(str.strip, valeurs[0].split("$"))) if valeurs else ()
    return "\n".join(lignes)[: 4 * _TEXTE_MAX] or None


def _uai(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
    if not valeurs:
        return None
    if not UAI.fullmatch(valeurs[0].upper()):
        fautes.append((Code.UAI_INVALIDE, "un code UAI a sept chiffres et une lettre"))
        return ILLISIBLE
    return valeurs[0].upper()


def _academie(valeurs: list[str], fautes: Fautes) -> Valeur | _Illisible:
    lu = _texte(3)(valeurs, fautes)
    return lu.zfill(3) if isinstance(lu, str) else lu


def _nom_structure(valeurs: list[str], _fautes: Fautes) -> Valeur:
    # « SIGLE$NOM$VILLE » : la ville a sa colonne.
    champs = [champ.strip() for champ in valeurs[0].split("$")[:2]] if valeurs else []
    return " ".join(filter(None, champs))[:_TEXTE_MAX] or None


def _composees(champs: int, *, codes: Sequence[int]) -> Lecteur:
    """Liste de valeurs composées ; les champs cités par ``codes`` sont gardés, les deux premiers remplis."""

    def lire(valeurs: list[str], fautes: Fautes) -> Valeur:
        gardees = []
        for valeur in valeurs:
            parties = decouper(valeur, champs)
            choisies = [parties[rang] for rang in codes]
            if not choisies[0] or not choisies[1] or any(len(c) > _CODE_MAX for c in choisies):
                fautes.append((Code.VALEUR_ILLISIBLE, "valeur composée incomplète ou trop longue"))
            else:
                gardees.append("$".join(choisies))
        return gardees

    return lire


def _structures(valeurs: list[str], fautes: Fautes) -> Valeur:
    # « code$libellé$… » : seul le code est exigé.
    gardees = []
    for valeur in valeurs:
        if 0 < len(valeur.partition("$")[0].strip()) <= _CODE_MAX:
            gardees.append("$".join(decouper(valeur, 2)))
        else:
            fautes.append((Code.VALEUR_ILLISIBLE, "division ou groupe sans code"))
    return gardees


def _dates_classes(valeurs: list[str], fautes: Fautes) -> Valeur:
    # « structure$jj/mm/aaaa$classe » devient « structure$classe$aaaa-mm-jj ».
    gardees = []
    for valeur in valeurs:
        structure, jour, classe = decouper(valeur, 3)[:3]
        try:
            lu = lire_date(jour)
        except ValueError as erreur:
            fautes.append((Code.DATE_ILLISIBLE, str(erreur)))
            continue
        if lu:
            gardees.append(f"{structure}${classe}${lu.isoformat()}")
    return gardees


def _services(valeurs: list[str], fautes: Fautes) -> Valeur:
    # « structure$code$matière » ; la matière manque parfois.
    gardees = []
    for valeur in valeurs:
        structure, code, matiere = decouper(valeur, 3)[:3]
        if not structure or not code or len(code) > _CODE_MAX or len(matiere) > 6:
            fautes.append((Code.VALEUR_ILLISIBLE, "service incomplet, ou code de matière trop long"))
        else:
            gardees.append(f"{structure}${code}${matiere}")
    return gardees


def _responsables(valeurs: list[str], fautes: Fautes) -> Valeur:
    # « responsable$lien$financier$légal$contact$paiement » : les indicateurs sont indépendants.
    gardees = []
    for valeur in valeurs:
        responsable, lien, *indicateurs = decouper(valeur, 6)[:6]
        lien = code_lien(lien)
        financier, legal, contact, paiement = (indicateur or "0" for indicateur in indicateurs)
        if lien not in _LIENS:
            fautes.append((Code.LIEN_INCONNU, "code de lien hors de la nomenclature"))
        elif (
            not responsable or legal not in _LEGAL or not _BOOLEENS.issuperset((financier, contact, paiement))
        ):
            fautes.append((Code.VALEUR_ILLISIBLE, "indicateurs d'un responsable illisibles"))
        else:
            gardees.append(f"{responsable}${lien}${financier}${legal}${contact}${paiement}")
    return gardees


def _autorite_parentale(valeurs: list[str], fautes: Fautes) -> Valeur:
    # Premier degré, « responsable$lien » : l'autorité parentale fait un représentant légal, rien de plus.
    return _responsables([f"{valeur}$0$1$0$0" for valeur in valeurs], fautes)


# --- La liste --------------------------------------------------------------------------------------

_LIBELLE = _texte(_TEXTE_MAX)
_CODE = _texte(_CODE_MAX)

_IDENTITE: Mapping[str, Champ] = {
    "sn": Champ("nom", "personne", _nom),
    "ENTPersonNom": Champ("nom", "personne", _nom),
    "ENTPersonNomPatro": Champ("nom_naissance", "personne", _nom),
    "givenName": Champ("prenom", "personne", _nom),
    "ENTPersonPrenom": Champ("prenom", "personne", _nom),
    "ENTPersonAutresPrenoms": Champ("autres_prenoms", "personne", _noms),
    "personalTitle": Champ("civilite", "personne", _LIBELLE),
    "ENTPersonCivilite": Champ("civilite", "personne", _LIBELLE),
    "ENTPersonDateNaissance": Champ("naissance", "personne", _date),
}
_ADRESSE: Mapping[str, Champ] = {
    "ENTPersonAdresse": Champ("adresse", "personne", _adresse),
    "ENTPersonCodePostal": Champ("code_postal", "personne", _CODE),
    "ENTPersonVille": Champ("ville", "personne", _LIBELLE),
    "ENTPersonPays": Champ("pays", "personne", _LIBELLE),
}
_COURRIEL: Mapping[str, Champ] = {
    "mail": Champ("courriel", "personne", _LIBELLE),
    "ENTPersonMail": Champ("courriel", "personne", _LIBELLE),
}

CHAMPS: Mapping[Categorie, Mapping[str, Champ]] = MappingProxyType(
    {
        Categorie.ETABLISSEMENT: {
            "ENTStructureUAI": Champ("uai", "etablissement", _uai),
            "ENTEtablissementUAI": Champ("uai", "etablissement", _uai),
            "ENTStructureNomCourant": Champ("nom", "etablissement", _nom_structure),
            "ENTStructureCodeTypeStruct": Champ("nature", "etablissement", _texte(3)),
            "ENTStructureTypeStruct": Champ("nature_libelle", "etablissement", _LIBELLE),
            "ENTEtablissementContrat": Champ("contrat", "etablissement", _texte(4)),
            "ENTStructureSIREN": Champ("siret", "etablissement", _texte(14)),
            "ENTServAcCodeAcademie": Champ("academie", "etablissement", _academie),
            "street": Champ("adresse", "etablissement", _LIBELLE),
            "ENTStructureAdresse": Champ("adresse", "etablissement", _LIBELLE),
            "postalCode": Champ("code_postal", "etablissement", _texte(10)),
            "ENTStructureCodePostal": Champ("code_postal", "etablissement", _texte(10)),
            "l": Champ("ville", "etablissement", _LIBELLE),
            "ENTStructureVille": Champ("ville", "etablissement", _LIBELLE),
            "telephoneNumber": Champ("telephone", "etablissement", _telephone),
            "ENTStructureTelephone": Champ("telephone", "etablissement", _telephone),
            "ENTStructureMailSI": Champ("courriel", "etablissement", _LIBELLE),
            "ENTStructureEmail": Champ("courriel", "etablissement", _LIBELLE),
            "ENTStructureClasses": Champ("divisions", "division", _structures),
            "ENTStructureGroupes": Champ("groupes", "groupe", _structures),
        },
        Categorie.MATIERE: {
            "ENTLibelleMatiere": Champ("libelle", "matiere", _LIBELLE),
            "ENTMatiereRattach": Champ("rattachement", "matiere", _texte(6)),
        },
        Categorie.MEF: {
            "ENTLibelleMef": Champ("libelle", "mef", _LIBELLE),
            "ENTMEFRattach": Champ("rattachement", "mef", _texte(11)),
            "ENTMEFSTAT11": Champ("mefstat", "mef", _texte(11)),
        },
        Categorie.ELEVE: {
            **_IDENTITE,
            **_ADRESSE,
            "ENTEleveINE": Champ("ine", "identifiant", _CODE),
            "ENTEleveStructRattachId": Champ("eleve_id", "identifiant", _CODE),
            "ENTPersonStructRattach": Champ("structure", "rattachement", _CODE),
            "ENTEleveMEF": Champ("mef", "scolarite", _texte(11)),
            "ENTEleveNivFormation": Champ("niveau", "scolarite", _LIBELLE),
            "ENTEleveNiveau": Champ("niveau", "scolarite", _LIBELLE),
            "ENTEleveRegime": Champ("regime", "scolarite", _LIBELLE),
            "ENTEleveStatutEleve": Champ("statut", "scolarite", _LIBELLE),
            "ENTEleveClasses": Champ("classes", "inscription", _composees(2, codes=(0, 1))),
            "ENTEleveGroupes": Champ("groupes", "inscription", _composees(2, codes=(0, 1))),
            "ENTPersonClasses": Champ("classes", "inscription", _composees(5, codes=(0, 3, 4))),
            "ENTPersonGroupes": Champ("groupes", "inscription", _composees(5, codes=(0, 3, 4))),
            "ENTEleveDateEntreeClasses": Champ("entrees", "inscription", _dates_classes),
            "ENTEleveDateSortieClasses": Champ("sorties", "inscription", _dates_classes),
            "ENTElevePersRelEleve": Champ("responsables", "responsabilite", _responsables),
            "ENTEleveAutoriteParentale": Champ("responsables", "responsabilite", _autorite_parentale),
        },
        Categorie.RESPONSABLE: {
            **_IDENTITE,
            **_ADRESSE,
            **_COURRIEL,
            "homePhone": Champ("telephone", "personne", _telephone),
            "ENTPersonTelPerso": Champ("telephone", "personne", _telephone),
            "mobile": Champ("mobile", "personne", _telephone),
            "ENTPersRelEleveTelMobile": Champ("mobile", "personne", _telephone),
            "ENTPersonAdresseDiffusion": Champ("adresse_diffusable", "personne", _oui_non),
        },
        Categorie.AGENT: {
            **_IDENTITE,
            **_COURRIEL,
            # Lus ensemble, avec les fonctions : ils disent le profil.
            "ENTPersonFonctions": Champ("fonctions", "rattachement", None),
            "ENTPersonCategorieEnseignant": Champ("fonctions", "rattachement", None),
            "PersEducNatPresenceDevantEleves": Champ("fonctions", "rattachement", None),
            "ENTEnsFonctionDir": Champ("fonctions", "rattachement", None),
            "ENTAuxEnsClassesMatieres": Champ("services_divisions", "service", _services),
            "ENTAuxEnsGroupesMatieres": Champ("services_groupes", "service", _services),
            "ENTPersonClasses": Champ("services_divisions", "service", _composees(5, codes=(0, 3))),
            "ENTPersonGroupes": Champ("services_groupes", "service", _composees(5, codes=(0, 3))),
            "ENTAuxEnsClassesPrincipal": Champ(
                "principal", "professeur_principal", _composees(2, codes=(0, 1))
            ),
        },
    }
)

OBLIGATOIRES: Mapping[Categorie, tuple[str, ...]] = MappingProxyType(
    {
        Categorie.ETABLISSEMENT: ("uai", "nom"),
        Categorie.MATIERE: ("libelle",),
        Categorie.MEF: ("libelle",),
        Categorie.ELEVE: ("nom",),
        Categorie.RESPONSABLE: ("nom",),
        Categorie.AGENT: ("nom",),
    }
)
"""Sans ces clés, une fiche nouvelle est écartée ; une modification ne peut pas les effacer."""


# Périmé au second degré, où il n'a pas le même sens.
_PREMIER_DEGRE = frozenset({"ENTEleveAutoriteParentale"})


def attributs_utiles(categorie: Categorie, degre: str | None) -> frozenset[str]:
    """Attributs à lire dans un fichier de cette catégorie ; le contenu des autres n'est pas regardé.

    :param categorie: catégorie du fichier.
    :param degre: « 1D » ou « 2D ».
    """
    utiles = frozenset(CHAMPS[categorie])
    return utiles if degre == "1D" else utiles - _PREMIER_DEGRE

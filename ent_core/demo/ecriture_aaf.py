"""Les fiches de l'académie fictive, traduites en attributs AAF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ent_core.demo.etablissements import PAR_BASSIN
from ent_core.demo.fichiers_aaf import Attributs, EcrivainAaf
from ent_core.demo.modele import (
    Adresse,
    Bassin,
    Eleve,
    Etablissement,
    LienResponsable,
    Personnel,
    Responsable,
    Service,
)
from ent_core.demo.nomenclatures import DISCIPLINES, MATIERES, NIVEAUX, TYPES

__all__ = [
    "attributs_des_enseignements",
    "attributs_eleve",
    "attributs_responsable",
    "ecrire_bassin",
    "ecrire_nomenclatures",
]

# Postes dont le titulaire est « enseignant » au sens de l'annuaire.
_ENSEIGNANTS = frozenset({"ENS", "DOC"})


def _ouinon(vrai: bool) -> tuple[str]:
    return ("O",) if vrai else ("N",)


def _jour(jour: date | None) -> tuple[str]:
    return (f"{jour.day:02d}/{jour.month:02d}/{jour.year}" if jour is not None else "",)


def _adresse(adresse: Adresse) -> Attributs:
    return (
        ("ENTPersonAdresse", ("$".join((*adresse.lignes, "", "", "")[:4]),)),
        ("ENTPersonCodePostal", (adresse.code_postal,)),
        ("ENTPersonVille", (adresse.ville,)),
        ("ENTPersonPays", (adresse.pays,)),
    )


def _international(telephone: str) -> str:
    return "+33 " + " ".join((telephone[1], *(telephone[i : i + 2] for i in range(2, 10, 2))))


def _lien(lien: LienResponsable) -> str:
    return f"{lien.responsable}${lien.code}${lien.financier}${lien.legal}${lien.contact}${lien.paiement}"


def ecrire_nomenclatures(ecrivain: EcrivainAaf) -> None:
    """Écrit les formations et les matières."""
    for niveau in NIVEAUX.values():
        ecrivain.creer(
            "MefEducNat",
            niveau.mef,
            (
                ("ENTMefJointure", (niveau.mef,)),
                ("ENTLibelleMef", (niveau.libelle,)),
                ("ENTMEFRattach", (niveau.mef,)),
                ("ENTMEFSTAT11", (niveau.mefstat,)),
            ),
        )
    for matiere in MATIERES.values():
        ecrivain.creer(
            "MatiereEducNat",
            matiere.code,
            (("ENTMatJointure", (matiere.code,)), ("ENTLibelleMatiere", (matiere.libelle,))),
        )


def ecrire_bassin(ecrivain: EcrivainAaf, bassin: Bassin) -> None:
    """Écrit toutes les fiches d'un bassin."""
    for etablissement in bassin.etablissements:
        ecrivain.creer("EtabEducNat", str(etablissement.cle), _etablissement(etablissement))
    for eleve in bassin.eleves:
        ecrivain.creer("Eleve", str(eleve.cle), attributs_eleve(eleve))
    for responsable in bassin.responsables:
        ecrivain.creer("PersRelEleve", str(responsable.cle), attributs_responsable(responsable))
    services = _services_par_enseignant(bassin.etablissements)
    mefs = {(e.cle, d.code): NIVEAUX[d.niveau] for e in bassin.etablissements for d in e.divisions}
    for agent in bassin.personnels:
        rendus = services.get(agent.cle, ())
        formations = dict.fromkeys(
            f"{cle}${mefs[cle, s.cible].mef}${mefs[cle, s.cible].libelle}"
            for cle, s in rendus
            if not s.est_groupe
        )
        ecrivain.creer("PersEducNat", str(agent.cle), _agent(agent, rendus, tuple(formations)))


def _services_par_enseignant(
    etablissements: Iterable[Etablissement],
) -> Mapping[int, list[tuple[int, Service]]]:
    services: dict[int, list[tuple[int, Service]]] = {}
    for etablissement in etablissements:
        for service in etablissement.services:
            for enseignant in service.enseignants:
                services.setdefault(enseignant, []).append((etablissement.cle, service))
    return services


def _etablissement(e: Etablissement) -> Attributs:
    genre, bassin = TYPES[e.type], e.rang // PAR_BASSIN
    return (
        ("ENTStructureJointure", (str(e.cle),)),
        ("ENTStructureUAI", (e.uai,)),
        ("ENTEtablissementUAI", (e.uai,)),
        ("ENTStructureSIREN", ("",)),
        ("ENTStructureNomCourant", (f"{genre.sigle}${e.nom}${e.adresse.ville}",)),
        ("ENTStructureTypeStruct", (genre.libelle,)),
        ("ENTStructureCodeTypeStruct", (genre.nature,)),
        ("ENTEtablissementMinistereTutelle", ("MINISTERE DE L'EDUCATION NATIONALE",)),
        ("ENTEtablissementCodeMinistereTutelle", ("06",)),
        ("ENTEtablissementContrat", ("PU",)),
        ("postOfficeBox", ("",)),
        ("street", (e.adresse.lignes[0],)),
        ("postalCode", (e.adresse.code_postal,)),
        ("l", (e.adresse.ville,)),
        ("telephoneNumber", (_international(e.telephone),)),
        ("facsimileTelephoneNumber", ("",)),
        ("ENTStructureMailSI", (f"ce.{e.uai.lower()}@ac-exemple.invalid",)),
        ("ENTEtablissementStructRattachFctl", ("",)),
        ("ENTEtablissementBassin", (f"99{bassin + 101}$BASSIN {bassin + 1}",)),
        ("ENTServAcAcademie", ("EXEMPLE",)),
        ("ENTServAcCodeAcademie", ("099",)),
        ("ENTStructureClasses", [f"{d.code}${d.libelle}${NIVEAUX[d.niveau].mef}" for d in e.divisions]),
        ("ENTStructureGroupes", ["$".join((g.code, g.libelle, *g.divisions)) for g in e.groupes]),
    )


def attributs_des_enseignements(eleve: Eleve) -> Attributs:
    """Les attributs qui changent quand un élève change de groupe."""
    return (
        ("ENTEleveEnseignements", [MATIERES[code].libelle for code in eleve.matieres]),
        ("ENTEleveCodeEnseignements", eleve.matieres),
        ("ENTEleveGroupes", [f"{eleve.etablissement}${code}" for code in eleve.groupes]),
    )


def attributs_eleve(e: Eleve) -> Attributs:
    """Tous les attributs d'un élève."""
    niveau = NIVEAUX[e.niveau]
    cle = str(e.etablissement)
    return (
        ("ENTPersonJointure", (str(e.cle),)),
        ("ENTEleveINE", (e.ine,)),
        ("ENTEleveStructRattachId", (str(e.numero_siecle),)),
        ("ENTPersonDateNaissance", _jour(e.naissance)),
        ("ENTPersonNomPatro", (e.nom_naissance,)),
        ("sn", (e.nom_usage,)),
        ("givenName", e.prenoms[:1]),
        ("ENTPersonAutresPrenoms", e.prenoms),
        ("personalTitle", (e.civilite,)),
        ("ENTElevePersRelEleve", [_lien(lien) for lien in e.liens]),
        ("ENTEleveBoursier", _ouinon(e.boursier)),
        ("ENTEleveRegime", (e.regime,)),
        ("ENTEleveTransport", _ouinon(e.transport)),
        *_adresse(e.adresse),
        ("ENTEleveAdresseRel", [str(c) for c in e.cohabitants]),
        ("ENTEleveStatutEleve", ("SCOLAIRE",)),
        ("ENTEleveMEF", (niveau.mef,)),
        ("ENTEleveLibelleMEF", (niveau.libelle,)),
        ("ENTEleveNivFormation", (niveau.libelle,)),
        ("ENTEleveFiliere", (niveau.libelle,)),
        ("ENTPersonStructRattach", (cle,)),
        ("ENTEleveDateEntreeClasses", (f"{cle}${_jour(e.entree)[0]}${e.division}",)),
        ("ENTEleveDateSortieClasses", (f"{cle}${_jour(e.sortie)[0]}${e.division}" if e.sortie else "",)),
        ("ENTEleveClasses", (f"{cle}${e.division}",)),
        *attributs_des_enseignements(e),
    )


def attributs_responsable(r: Responsable) -> Attributs:
    """Tous les attributs d'une personne en relation avec un élève."""
    return (
        ("ENTPersonJointure", (str(r.cle),)),
        ("ENTPersonDateNaissance", _jour(r.naissance)),
        ("ENTPersonNomPatro", (r.nom_naissance,)),
        ("sn", (r.nom_usage,)),
        ("givenName", (r.prenom,)),
        ("personalTitle", (r.civilite,)),
        ("homePhone", (r.fixe,)),
        ("telephoneNumber", (r.professionnel,)),
        *_adresse(r.adresse),
        ("ENTPersonAdresseDiffusion", _ouinon(r.diffusion)),
        ("mobile", (r.mobile,)),
        ("mail", (r.courriel,)),
        ("ENTPersonMobileSMS", (r.mobile,)),
        ("ENTAuxPersRelEleveEleve", [str(cle) for cle in r.eleves]),
    )


def _agent(a: Personnel, services: Sequence[tuple[int, Service]], formations: Sequence[str]) -> Attributs:
    discipline = DISCIPLINES.get(a.discipline)
    categorie, libelle = (discipline.categorie, discipline.libelle) if discipline else ("", "")
    enseignant = any(f.code in _ENSEIGNANTS for f in a.fonctions)
    classes = [f"{cle}${s.cible}${s.matiere}" for cle, s in services if not s.est_groupe]
    groupes = [f"{cle}${s.cible}${s.matiere}" for cle, s in services if s.est_groupe]
    matieres = dict.fromkeys(f"{cle}${MATIERES[s.matiere].libelle}" for cle, s in services)
    return (
        ("ENTPersonJointure", (str(a.cle),)),
        ("ENTPersonDateNaissance", _jour(a.naissance)),
        ("ENTPersonNomPatro", (a.nom_naissance,)),
        ("sn", (a.nom_usage,)),
        ("givenName", (a.prenom,)),
        ("ENTPersonAutresPrenoms", ("",)),
        ("personalTitle", (a.civilite,)),
        ("mail", (a.courriel,)),
        ("ENTPersonStructRattach", (str(a.rattachement),)),
        ("ENTAuxEnsCategoDiscipline", (f"{categorie}${libelle}" if discipline else "",)),
        ("ENTAuxEnsDisciplinesPoste", (f"{libelle}${categorie}" if discipline else "",)),
        ("ENTAuxEnsMEF", formations),
        ("ENTAuxEnsMatiereEnseignEtab", list(matieres)),
        ("ENTAuxEnsClasses", _sans_matiere(classes)),
        ("ENTAuxEnsGroupes", _sans_matiere(groupes)),
        ("ENTAuxEnsClassesMatieres", classes),
        ("ENTAuxEnsGroupesMatieres", groupes),
        ("ENTAuxEnsClassesPrincipal", [f"{cle}${division}" for cle, division in a.principal]),
        (
            "ENTPersonFonctions",
            [
                "$".join((str(f.structure), f.code, f.libelle, f.discipline, f.libelle_discipline))
                for f in a.fonctions
            ],
        ),
        ("ENTPersonCategorieEnseignant", _ouinon(enseignant)),
        ("PersEducNatPresenceDevantEleves", _ouinon(discipline is not None)),
    )


def _sans_matiere(valeurs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(valeur.rpartition("$")[0] for valeur in valeurs))

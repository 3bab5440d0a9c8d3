"""La livraison différentielle du lendemain : une arrivée, un départ, un changement de groupe, une adresse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ent_core.demo.bassins import composer_bassin
from ent_core.demo.ecriture_aaf import attributs_des_enseignements, attributs_eleve, attributs_responsable
from ent_core.demo.eleves import Peuplement, Place
from ent_core.demo.familles import DOMAINE_FAMILLES, Situation
from ent_core.demo.fichiers_aaf import EcrivainAaf, archiver
from ent_core.demo.generation import preparer_dossier, verifier_taille
from ent_core.demo.modele import Bassin, Eleve, Groupe
from ent_core.demo.noms import Hasard
from ent_core.demo.numeros import Numeros
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["ResumeDelta", "generer_delta"]


@dataclass(frozen=True, slots=True)
class ResumeDelta:
    """Ce que la livraison différentielle change, par identifiant.

    :param arrivee: élève créé, avec ses responsables.
    :param depart: élève supprimé.
    :param responsables_partis: responsables qui n'avaient que lui.
    :param changement_de_groupe: élève qui change de langue vivante.
    :param courriel: responsable dont l'adresse électronique change.
    """

    aaf: Path
    archive: Path | None
    arrivee: int
    responsables_arrives: tuple[int, ...]
    depart: int
    responsables_partis: tuple[int, ...]
    changement_de_groupe: int
    courriel: int


def generer_delta(
    dossier: Path,
    *,
    etablissements: int,
    graine: int = 2026,
    jour: date,
    eleves_par_etablissement: int | None = None,
    archive: bool = False,
) -> ResumeDelta:
    """Écrit un petit delta, plausible le lendemain d'une extraction complète de mêmes arguments.

    :param dossier: reçoit le sous-dossier « aaf », qui doit être absent ou vide.
    :param jour: date du delta, de la même année scolaire que l'extraction complète.
    :raises DonneeInvalide: taille impossible.
    :raises OperationRefusee: dossier non vide.
    """
    taille = verifier_taille(etablissements, eleves_par_etablissement)
    aaf = dossier / "aaf"
    preparer_dossier(aaf)
    annee = annee_scolaire(jour)
    bassin = composer_bassin(taille, 0, graine, annee)
    reserves = {cle for _, cles in bassin.cas for cle in cles}
    ordinaires = [e for e in bassin.eleves if e.cle not in reserves and e.sortie is None]
    depart = ordinaires[0]
    linguiste, echange = _changement(bassin, (e for e in ordinaires if e != depart))
    contact = next(r for r in bassin.responsables if r.courriel and r.prenom and depart.cle not in r.eleves)
    with EcrivainAaf(aaf, jour, delta=True) as ecrivain:
        arrivant = _arrivee(ecrivain, bassin, annee, jour, graine)
        _changer_de_groupe(ecrivain, linguiste, echange)
        ecrivain.supprimer("Eleve", str(depart.cle))
        partis = []
        for responsable in bassin.responsables:
            if depart.cle in responsable.eleves:
                restants = [str(cle) for cle in responsable.eleves if cle != depart.cle]
                if restants:
                    ecrivain.modifier(
                        "PersRelEleve", str(responsable.cle), (("ENTAuxPersRelEleveEleve", restants),)
                    )
                else:
                    ecrivain.supprimer("PersRelEleve", str(responsable.cle))
                    partis.append(responsable.cle)
        nouvelle = f"nouvelle.adresse.{contact.cle}@{DOMAINE_FAMILLES}"
        ecrivain.modifier("PersRelEleve", str(contact.cle), (("mail", (nouvelle,)),))
    chemin = None
    if archive:
        chemin = dossier / f"ENT2DVA.{jour:%Y%m%d}.Delta.tgz"
        archiver(chemin, ecrivain.fichiers)
    return ResumeDelta(
        aaf=aaf,
        archive=chemin,
        arrivee=arrivant.cle,
        responsables_arrives=tuple(lien.responsable for lien in arrivant.liens),
        depart=depart.cle,
        responsables_partis=tuple(partis),
        changement_de_groupe=linguiste.cle,
        courriel=contact.cle,
    )


def _changement(bassin: Bassin, eleves: Iterable[Eleve]) -> tuple[Eleve, tuple[Groupe, Groupe]]:
    """Un élève qui peut changer de groupe de langue, son groupe et le nouveau."""
    for eleve in eleves:
        echange = _autre_groupe(bassin, eleve)
        if echange is not None:
            return eleve, echange
    raise OperationRefusee(
        "Aucun élève du premier bassin ne peut changer de groupe de langue.",
        remede="demander plus d'élèves par établissement.",
    )


def _autre_groupe(bassin: Bassin, eleve: Eleve) -> tuple[Groupe, Groupe] | None:
    """Le groupe de langue d'un élève et un groupe parallèle où il pourrait aller."""
    groupes = next(e.groupes for e in bassin.etablissements if e.cle == eleve.etablissement)
    par_code = {g.code: g for g in groupes}
    for code in eleve.groupes:
        actuel = par_code[code]
        for autre in groupes:
            if autre.ensemble == actuel.ensemble and autre != actuel and actuel.matiere.startswith("03"):
                return actuel, autre
    return None


def _changer_de_groupe(ecrivain: EcrivainAaf, eleve: Eleve, echange: tuple[Groupe, Groupe]) -> None:
    ancien, nouveau = echange
    apres = replace(
        eleve,
        groupes=tuple(nouveau.code if code == ancien.code else code for code in eleve.groupes),
        matieres=tuple(nouveau.matiere if m == ancien.matiere else m for m in eleve.matieres),
    )
    ecrivain.modifier("Eleve", str(eleve.cle), attributs_des_enseignements(apres))


def _arrivee(ecrivain: EcrivainAaf, bassin: Bassin, annee: int, jour: date, graine: int) -> Eleve:
    """Un élève qui arrive avec ses deux parents, dans la première division du premier établissement."""
    etablissement = bassin.etablissements[0]
    peuplement = Peuplement(
        bassin.etablissements[:1], (), annee, Numeros.des_arrivants(0), Hasard.seme(graine, "delta", jour)
    )
    place = Place(etablissement, etablissement.divisions[0])
    (eleve,) = peuplement.installer([place], Situation.COUPLE, arrivee=jour)
    ecrivain.creer("Eleve", str(eleve.cle), attributs_eleve(eleve))
    for responsable in peuplement.responsables:
        ecrivain.creer("PersRelEleve", str(responsable.cle), attributs_responsable(responsable))
    return eleve

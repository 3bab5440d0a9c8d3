"""Appliquer une liste de personnels : leur fonction, et les classes où ils enseignent."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ent_core.contrat.roles import FONCTIONS_PROFILS, Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.aaf.constats import Gravite
from ent_core.identite.contextes import PERSONNELS
from ent_core.identite.modeles import Matiere, Personne, Service
from ent_core.identite.tableur.cles import cle_de_comparaison
from ent_core.identite.tableur.ecole import IDENTIFIANT, Ecole
from ent_core.identite.tableur.lignes import LignePersonnel
from ent_core.identite.tableur.nomenclatures import DIRECTION, ENSEIGNANT, fonction_de

__all__ = ["appliquer_personnels"]


def appliquer_personnels(ecole: Ecole, lignes: Iterable[LignePersonnel], *, direction_permise: bool) -> None:
    """Crée ou met à jour les personnels ; une fonction inconnue écarte la ligne, car elle ouvre des droits.

    :param ecole: école chargée.
    :param lignes: lignes sûres, sans doublon.
    :param direction_permise: la personne qui importe peut désigner la direction.
    """
    services = _Services(ecole)
    for ligne in lignes:
        titre = _titre(ecole, ligne)
        if titre is None:
            continue
        profil, fonction = titre
        if profil is Profil.DIRECTION and not direction_permise:
            motif = "la direction est désignée par l'académie, pas par une liste de l'école"
            ecole.constater(ligne.ligne, "direction_reservee", motif)
            continue
        personne = _retrouver(ecole, ligne)
        if personne is not None:
            ecole.vues.add(personne.id)
            ecole.rattacher(personne.id, profil, fonction)
            services.ouvrir(ligne, personne.id)


def _titre(ecole: Ecole, ligne: LignePersonnel) -> tuple[Profil, str] | None:
    if ligne.directeur:
        return FONCTIONS_PROFILS[DIRECTION], DIRECTION
    if ligne.fonction:
        titre = fonction_de(ligne.fonction)
        if titre is None:
            ecole.constater(ligne.ligne, "fonction_inconnue", "fonction sans profil national connu")
        return titre
    if ligne.divisions or ligne.matieres:
        return FONCTIONS_PROFILS[ENSEIGNANT], ENSEIGNANT
    ecole.constater(
        ligne.ligne, "fonction_absente", "ni fonction, ni classe, ni matière : le profil est inconnu"
    )
    return None


def _retrouver(ecole: Ecole, ligne: LignePersonnel) -> Personne | None:
    identifiants = {IDENTIFIANT: ligne.identifiant_externe}
    trouvee = ecole.par_identifiant(IDENTIFIANT, ligne.identifiant_externe)
    if trouvee is None:
        noms = (ligne.nom, ligne.nom_usage)
        numero = ligne.identifiant_externe
        candidats = ecole.homonymes(noms, ligne.prenom, PERSONNELS, ligne.date_naissance, numero)
        if len(candidats) > 1:
            motif = f"{len(candidats)} personnels de l'école ont ces nom et prénom"
            ecole.constater(ligne.ligne, "plusieurs_candidats", motif)
            return None
        trouvee = next(iter(candidats), None)
    valeurs = {
        "nom": ligne.nom_usage or ligne.nom,
        "nom_naissance": ligne.nom,
        "prenom": ligne.prenom,
        "naissance": ligne.date_naissance,
        "civilite": ligne.civilite or None,
        "courriel": ligne.courriel or None,
        "telephone": ligne.telephone or None,
    }
    if trouvee is None:
        return ecole.creer(identifiants, **valeurs)
    if trouvee in ecole.vues:
        ecole.constater(ligne.ligne, "doublon", "une ligne précédente désigne déjà cette personne")
        return None
    personne = ecole.personnes[trouvee]
    ecole.mettre_a_jour(personne, **valeurs)
    ecole.identifier(trouvee, identifiants)
    return personne


class _Services:
    """Les services en cours, et la nomenclature des matières."""

    def __init__(self, ecole: Ecole) -> None:
        self._ecole = ecole
        self._tenus = {
            (s.personne_id, s.division_id, s.matiere)
            for s in ecole.session.scalars(
                select(Service).where(
                    Service.uai == ecole.uai, Service.annee == ecole.annee, en_vigueur(Service, ecole.jour)
                )
            )
        }
        self._matieres: dict[str, str] = {}
        for code, libelle in ecole.session.execute(select(Matiere.code, Matiere.libelle)):
            self._matieres |= {cle_de_comparaison(code): code, cle_de_comparaison(libelle): code}

    def ouvrir(self, ligne: LignePersonnel, personne: UUID) -> None:
        """Un service par classe et par matière reconnue ; sans matière, un service pour la classe."""
        matieres = [self._matieres.get(cle_de_comparaison(nom)) for nom in ligne.matieres]
        if None in matieres and ligne.divisions:
            self._signaler(ligne, "matiere_inconnue", "matière hors de la nomenclature, non gardée")
        codes: list[str | None] = [*dict.fromkeys(code for code in matieres if code)]
        for nom in ligne.divisions:
            division = self._ecole.division(nom, creer=False)
            if division is None:
                self._signaler(ligne, "division_inconnue", "classe inconnue ; importer d'abord les élèves")
                continue
            for code in codes or [None]:
                self._tenir(personne, division, code)

    def _tenir(self, personne: UUID, division: UUID, matiere: str | None) -> None:
        ecole = self._ecole
        if (personne, division, matiere) in self._tenus:
            ecole.compter("Services", "inchanges")
            return
        self._tenus.add((personne, division, matiere))
        ecole.ouvrir(
            Service(
                uai=ecole.uai,
                annee=ecole.annee,
                id=ecole.nouvel_id(),
                personne_id=personne,
                matiere=matiere,
                division_id=division,
                source=ecole.source,
                debut=ecole.jour,
            ),
            "Services",
        )

    def _signaler(self, ligne: LignePersonnel, code: str, motif: str) -> None:
        self._ecole.constater(ligne.ligne, code, motif, Gravite.AVERTISSEMENT)

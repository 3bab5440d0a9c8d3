"""Appliquer une liste d'élèves."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ent_core.contrat.roles import Profil
from ent_core.identite.aaf.constats import Gravite
from ent_core.identite.modeles import Identifiant, Personne, Scolarite
from ent_core.identite.tableur.cles import cle_de_comparaison
from ent_core.identite.tableur.ecole import IDENTIFIANT, INE, Ecole
from ent_core.identite.tableur.lignes import LigneEleve

__all__ = ["appliquer_eleves"]

_ELEVE = (Profil.ELEVE.value,)
_CIVILITES = {"M": "M.", "F": "Mme"}


def appliquer_eleves(ecole: Ecole, lignes: Iterable[LigneEleve]) -> None:
    """Crée ou met à jour les élèves, leur place et leur scolarité.

    :param ecole: école chargée.
    :param lignes: lignes sûres, sans doublon.
    """
    retenues = list(lignes)
    ailleurs = _par_ine(ecole, {ligne.ine for ligne in retenues if ligne.ine})
    scolarites = {
        s.personne_id: s
        for s in ecole.session.scalars(
            select(Scolarite).where(Scolarite.uai == ecole.uai, Scolarite.annee == ecole.annee)
        )
    }
    for ligne in retenues:
        personne = _retrouver(ecole, ligne, ailleurs)
        if personne is not None:
            ecole.vues.add(personne.id)
            ecole.rattacher(personne.id, Profil.ELEVE, None)
            _placer(ecole, ligne, personne.id)
            _scolariser(ecole, ligne, personne.id, scolarites)


def _par_ine(ecole: Ecole, ines: set[str]) -> dict[str, set[UUID]]:
    """Qui porte ces INE, dans toute l'académie : un élève qui arrive a déjà sa fiche."""
    porteurs: dict[str, set[UUID]] = {}
    for valeur, personne in ecole.session.execute(
        select(Identifiant.valeur, Identifiant.personne_id).where(
            Identifiant.type == INE, Identifiant.valeur.in_(ines)
        )
    ):
        porteurs.setdefault(valeur, set()).add(personne)
    return porteurs


def _retrouver(ecole: Ecole, ligne: LigneEleve, ailleurs: dict[str, set[UUID]]) -> Personne | None:
    """La personne de la ligne, mise à jour ou créée ; ``None`` si quelqu'un doit trancher."""
    noms = (ligne.nom, ligne.nom_usage)
    identifiants = {IDENTIFIANT: ligne.identifiant_externe, INE: ligne.ine}
    trouvee = ecole.par_identifiant(IDENTIFIANT, ligne.identifiant_externe)
    if trouvee is None and len(ailleurs.get(ligne.ine, ())) > 1:
        ecole.constater(ligne.ligne, "plusieurs_candidats", "plusieurs personnes portent déjà cet INE")
        return None
    if trouvee is None and ligne.ine in ailleurs:
        trouvee = next(iter(ailleurs[ligne.ine]))
        if not _meme_etat_civil(ecole, trouvee, ligne):
            motif = "une personne a déjà cet INE, avec une autre date de naissance ou un autre nom"
            ecole.constater(ligne.ligne, "identite_differente", motif)
            return None
    if trouvee is None:
        candidats = ecole.homonymes(
            noms, ligne.prenom, _ELEVE, ligne.date_naissance, ligne.identifiant_externe
        )
        if len(candidats) > 1:
            motif = f"{len(candidats)} élèves de l'école ont ces nom, prénom et date de naissance"
            ecole.constater(ligne.ligne, "plusieurs_candidats", motif)
            return None
        trouvee = next(iter(candidats), None)
    valeurs = {
        "nom": ligne.nom_usage or ligne.nom,
        "nom_naissance": ligne.nom,
        "prenom": ligne.prenom,
        "naissance": ligne.date_naissance,
        "civilite": _CIVILITES.get(ligne.sexe),
        "courriel": ligne.courriel or None,
        "telephone": ligne.telephone or None,
    }
    if trouvee is None:
        return ecole.creer(identifiants, **valeurs)
    if trouvee in ecole.vues:
        ecole.constater(ligne.ligne, "doublon", "une ligne précédente désigne déjà cet élève")
        return None
    personne = ecole.personnes[trouvee]
    ecole.mettre_a_jour(personne, **valeurs)
    ecole.identifier(trouvee, identifiants)
    return personne


def _meme_etat_civil(ecole: Ecole, trouvee: UUID, ligne: LigneEleve) -> bool:
    """Un INE mal recopié ne doit pas livrer la fiche d'un autre."""
    personne = ecole.personnes.get(trouvee) or ecole.session.get_one(Personne, trouvee)
    noms = {cle_de_comparaison(nom) for nom in (personne.nom, personne.nom_naissance) if nom}
    cites = {cle_de_comparaison(nom) for nom in (ligne.nom, ligne.nom_usage) if nom}
    if personne.naissance != ligne.date_naissance or not noms & cites:
        return False
    if trouvee not in ecole.personnes:
        ecole.accueillir(personne)
    return True


def _placer(ecole: Ecole, ligne: LigneEleve, eleve: UUID) -> None:
    if ecole.vient_de_l_annuaire(eleve) and ecole.inscriptions[eleve]:
        return
    division = ecole.division(ligne.division, creer=True) if ligne.division else None
    groupes = {ecole.groupe(nom) for nom in ligne.groupes}
    if not (division or groupes or ecole.inscriptions[eleve]):
        ecole.constater(ligne.ligne, "sans_classe", "l'élève n'a ni classe ni groupe", Gravite.AVERTISSEMENT)
    ecole.inscrire(eleve, division, groupes)


def _scolariser(ecole: Ecole, ligne: LigneEleve, eleve: UUID, connues: dict[UUID, Scolarite]) -> None:
    valeurs = {"niveau": ligne.niveau, "regime": ligne.regime}
    tenue = connues.get(eleve)
    if tenue is None:
        nouvelle = Scolarite(
            uai=ecole.uai,
            annee=ecole.annee,
            personne_id=eleve,
            **{cle: valeur or None for cle, valeur in valeurs.items()},
        )
        ecole.ouvrir(nouvelle, "Scolarités")
        return
    changees = {
        cle: valeur
        for cle, valeur in valeurs.items()
        if valeur and getattr(tenue, cle) != valeur and not ecole.vient_de_l_annuaire(eleve)
    }
    for cle, valeur in changees.items():
        setattr(tenue, cle, valeur)
    ecole.compter("Scolarités", "modifications" if changees else "inchanges")

"""Appliquer une liste de responsables : des personnes, et leurs liens avec des élèves de l'école."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.aaf.constats import Gravite
from ent_core.identite.modeles import Personne, Responsabilite
from ent_core.identite.tableur.ecole import IDENTIFIANT, INE, Ecole
from ent_core.identite.tableur.lignes import EnfantCite, LigneResponsable
from ent_core.identite.tableur.nomenclatures import AUTRE_LIEN, code_lien

__all__ = ["appliquer_responsables"]

_ELEVE = (Profil.ELEVE.value,)
_RESPONSABLE = (Profil.RESPONSABLE.value,)


def appliquer_responsables(ecole: Ecole, lignes: Iterable[LigneResponsable]) -> None:
    """Crée ou met à jour les responsables et leurs liens ; un responsable sans élève connu n'entre pas.

    :param ecole: école chargée.
    :param lignes: lignes sûres, sans doublon ; un même identifiant peut y paraître une fois par enfant.
    """
    liens = _Liens(ecole)
    sans_autorite = 0
    for ligne in lignes:
        eleves = _enfants(ecole, ligne)
        if not eleves:
            continue
        personne = _retrouver(ecole, ligne, liens, eleves)
        if personne is None:
            continue
        ecole.vues.add(personne.id)
        ecole.rattacher(personne.id, Profil.RESPONSABLE, None)
        sans_autorite += ligne.responsable_legal is None
        for eleve in sorted(eleves):
            liens.tenir(ligne, eleve, personne.id)
    if sans_autorite:
        ecole.constater(
            None,
            "autorite_inconnue",
            f"{sans_autorite} ligne(s) ne disent pas qui est responsable légal ; "
            "ces personnes ne verront rien tant que ce n'est pas dit",
            Gravite.AVERTISSEMENT,
        )


class _Liens:
    """Les liens en cours des élèves de l'école."""

    def __init__(self, ecole: Ecole) -> None:
        self._ecole = ecole
        eleves = [ident for ident, profils in ecole.profils.items() if Profil.ELEVE.value in profils]
        self._tenus = {
            (lien.eleve_id, lien.responsable_id): lien
            for lien in ecole.session.scalars(
                select(Responsabilite).where(
                    Responsabilite.eleve_id.in_(eleves), en_vigueur(Responsabilite, ecole.jour)
                )
            )
        }
        self._par_eleve: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for eleve, responsable in self._tenus:
            self._par_eleve[eleve].add(responsable)

    def proches(self, eleves: Iterable[UUID]) -> set[UUID]:
        """Responsables d'au moins un de ces élèves."""
        return {responsable for eleve in eleves for responsable in self._par_eleve[eleve]}

    def tenir(self, ligne: LigneResponsable, eleve: UUID, responsable: UUID) -> None:
        """Ouvre le lien, ou corrige celui qu'une liste avait ouvert."""
        ecole = self._ecole
        code = code_lien(ligne.lien) if ligne.lien else AUTRE_LIEN
        if code is None:
            code = AUTRE_LIEN
            ecole.constater(
                ligne.ligne, "lien_inconnu", "lien de parenté inconnu, noté « autre »", Gravite.AVERTISSEMENT
            )
        tenu = self._tenus.get((eleve, responsable))
        if tenu is None:
            self._ouvrir(eleve, responsable, code, legal=bool(ligne.responsable_legal))
            return
        dits: dict[str, object] = {}
        if ligne.lien:
            dits["lien"] = code
        if ligne.responsable_legal is not None and bool(tenu.legal) != ligne.responsable_legal:
            dits["legal"] = int(ligne.responsable_legal)
        changes = {c: v for c, v in dits.items() if getattr(tenu, c) != v and tenu.source == ecole.source}
        for cle, valeur in changes.items():
            setattr(tenu, cle, valeur)
        ecole.compter("Responsabilités", "modifications" if changes else "inchanges")

    def _ouvrir(self, eleve: UUID, responsable: UUID, code: str, *, legal: bool) -> None:
        ecole = self._ecole
        nouveau = Responsabilite(
            id=ecole.nouvel_id(),
            eleve_id=eleve,
            responsable_id=responsable,
            lien=code,
            legal=int(legal),
            financier=False,
            contact=True,
            paiement=False,
            source=ecole.source,
            debut=ecole.jour,
        )
        ecole.ouvrir(nouveau, "Responsabilités")
        self._tenus[eleve, responsable] = nouveau
        self._par_eleve[eleve].add(responsable)


def _enfants(ecole: Ecole, ligne: LigneResponsable) -> set[UUID]:
    """Élèves de l'école que la ligne désigne sans équivoque."""
    trouves: set[UUID] = set()
    for rang, enfant in enumerate(ligne.enfants, start=1):
        candidats = _candidats(ecole, enfant)
        if len(candidats) == 1:
            trouves |= candidats
            continue
        motif = "n'est pas un élève de l'école" if not candidats else "désigne plusieurs élèves"
        ecole.constater(ligne.ligne, "eleve_inconnu", f"l'enfant n° {rang} {motif} ; ce lien n'est pas gardé")
    return trouves


def _candidats(ecole: Ecole, enfant: EnfantCite) -> set[UUID]:
    for type_ in (IDENTIFIANT, INE):
        trouve = ecole.par_identifiant(type_, enfant.identifiant)
        if trouve is not None and Profil.ELEVE.value in ecole.profils[trouve]:
            return {trouve}
    if not (enfant.nom and enfant.prenom):
        return set()
    homonymes = ecole.homonymes((enfant.nom, enfant.nom_usage), enfant.prenom, _ELEVE, enfant.date_naissance)
    candidats = {h for h in homonymes if Profil.ELEVE.value in ecole.profils[h]}
    if len(candidats) > 1 and enfant.division:
        division = ecole.division(enfant.division, creer=False)
        candidats = {c for c in candidats if any(i.division_id == division for i in ecole.inscriptions[c])}
    return candidats


def _retrouver(ecole: Ecole, ligne: LigneResponsable, liens: _Liens, eleves: set[UUID]) -> Personne | None:
    """Sans identifiant, un homonyme n'est la même personne que s'il partage un enfant ou une coordonnée."""
    noms = (ligne.nom, ligne.nom_usage)
    identifiants = {IDENTIFIANT: ligne.identifiant_externe}
    trouvee = ecole.par_identifiant(IDENTIFIANT, ligne.identifiant_externe)
    if trouvee is None:
        homonymes = ecole.homonymes(noms, ligne.prenom, _RESPONSABLE, numero=ligne.identifiant_externe)
        candidats = {
            h for h in homonymes if h in liens.proches(eleves) or _joignable(ecole.personnes[h], ligne)
        }
        if len(candidats) > 1:
            motif = f"{len(candidats)} responsables de l'école ont ces nom et prénom"
            ecole.constater(ligne.ligne, "plusieurs_candidats", motif)
            return None
        trouvee = next(iter(candidats), None)
        if trouvee is None and homonymes:
            motif = "un autre responsable a les mêmes nom et prénom ; à examiner, rien n'est fusionné"
            ecole.constater(ligne.ligne, "homonyme", motif, Gravite.AVERTISSEMENT)
    mobile = ligne.telephone.startswith(("06", "07"))
    valeurs = {
        "nom": ligne.nom_usage or ligne.nom,
        "nom_naissance": ligne.nom,
        "prenom": ligne.prenom,
        "civilite": ligne.civilite or None,
        "courriel": ligne.courriel or None,
        "mobile" if mobile else "telephone": ligne.telephone or None,
    }
    if trouvee is None:
        return ecole.creer(identifiants, **valeurs)
    personne = ecole.personnes[trouvee]
    if trouvee not in ecole.vues:
        ecole.mettre_a_jour(personne, **valeurs)
        ecole.identifier(trouvee, identifiants)
    return personne


def _joignable(personne: Personne, ligne: LigneResponsable) -> bool:
    if ligne.courriel and (personne.courriel or "").casefold() == ligne.courriel.casefold():
        return True
    return bool(ligne.telephone) and ligne.telephone in (personne.telephone, personne.mobile)

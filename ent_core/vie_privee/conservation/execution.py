"""L'exécution d'un plan approuvé : lot par lot, reprenable, seule à la fois, et recomptée.

Ce que le plan annonce doit être éliminé, suspendu depuis, ou parti autrement ; sinon c'est un échec, dit
comme tel. Rien trouvé là où quelque chose était annoncé est aussi un échec.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from psycopg.errors import DiskFull, QueryCanceled
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Depart
from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.identite.modeles import AnneeScolaire
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import BaseIndisponible, OperationRefusee
from ent_core.vie_privee.conservation.approbation import decider, perimer
from ent_core.vie_privee.conservation.briques import Purger, limite, purger_brique
from ent_core.vie_privee.conservation.dossier import EN_ATTENTE, Dossier, EtatPlan, ouvrir
from ent_core.vie_privee.conservation.lots import Atelier, compter_echues, eliminer
from ent_core.vie_privee.conservation.modeles import (
    DecisionConservation,
    LigneConservation,
    PlanConservation,
    Preuve,
    ReportConservation,
)
from ent_core.vie_privee.conservation.partitions import Annee, detacher, familles
from ent_core.vie_privee.conservation.preuve import Tetes, tete
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.conservation.situation import activites

__all__ = ["TAILLE", "Executeur", "Execution"]

TAILLE = 5_000
"""Lignes d'un lot, au plus."""

_VISEE, _PREMIER, _PREMIER_ARCHIVE, _MINIMUM = 0.25, 1_000, 200, 100
_VERROU = 0x454E54_455845
_MOTIF = "conservation : exécution d'un plan"


@dataclass(slots=True)
class Execution:
    """Ce qu'une exécution a fait.

    :param attente: rang de ligne → ce qui la retient.
    :param suspendues: annoncées, puis gelées ou redevenues vivantes.
    :param disparues: annoncées, et parties sans le moteur.
    """

    plan_id: UUID
    eliminees: int = 0
    suspendues: int = 0
    disparues: int = 0
    lots: int = 0
    lot_le_plus_long: float = 0.0
    attente: dict[int, str] = field(default_factory=dict)
    finie: bool = False


def _sans_brique(*_arguments: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Executeur:
    """Exécute les plans d'une instance.

    :param base: deux connexions au moins : l'une tient le verrou, l'autre travaille.
    :param cle: clé des empreintes d'identifiants.
    :param tetes: fichier des têtes, hors de la base.
    :param purger: appelle les briques qui ont leur propre purge.
    """

    base: BaseDeDonnees
    horloge: Horloge
    regles: Regles
    cle: bytes
    tetes: Tetes
    purger: Purger = _sans_brique
    taille: int = TAILLE

    def executer(
        self, plan_id: UUID, avancer: Callable[[str, int, int], None] = lambda _etape, _fait, _total: None
    ) -> Execution:
        """Exécute ce qui peut l'être ; une ligne retenue attend, sans arrêter les autres.

        :param plan_id: plan approuvé.
        :param avancer: ``(étape, fait, total)``.
        :raises OperationRefusee: plan non approuvé ou périmé, autre exécution en cours, ou écart.
        """
        with self._seul():
            try:
                return self._executer(plan_id, avancer)
            except BaseIndisponible as panne:
                raise (_interrompue(panne, plan_id) or panne) from panne
            finally:
                self._ecrire_tete()

    def _executer(self, plan_id: UUID, avancer: Callable[[str, int, int], None]) -> Execution:
        dossier = self._ouvrir(plan_id)
        resultat = Execution(plan_id)
        if dossier.etat is EtatPlan.EXECUTE:
            resultat.finie = True
            return resultat
        total = sum(ligne.echues for ligne in dossier.lignes)
        resultat.attente = {
            ligne.rang: motif for ligne in dossier.a_faire if (motif := dossier.obstacle(ligne))
        }
        permises = [ligne for ligne in dossier.a_faire if ligne.rang not in resultat.attente]
        if dossier.a_faire and not permises:
            motifs = " ; ".join(sorted(set(resultat.attente.values())))
            raise OperationRefusee(
                f"rien de ce plan ne peut être exécuté : {motifs}.",
                remede="lever ce qui le retient, ou établir un nouveau plan.",
                lieu=f"plan {plan_id}",
            )
        permises = self._annees(
            dossier, permises, resultat, lambda objet: avancer(objet, resultat.eliminees, total)
        )
        permises = self._briques(dossier, permises, resultat)
        for ligne in permises:
            self._ligne(dossier, ligne, resultat, lambda objet: avancer(objet, resultat.eliminees, total))
        with self.base.academie(_MOTIF) as session:
            _continuer(session, plan_id)
            reste = self._reste(session, dossier)
            resultat.finie = all(reste.definitif(ligne) for ligne in reste.a_faire)
            vain = resultat.finie and self._en_vain(session, plan_id)
            if resultat.finie:
                decider(session, self.horloge, reste.plan, "ecart" if vain else "fin")
        if vain:
            raise _en_ecart(plan_id, "rien de ce que le plan annonçait n'a été trouvé")
        return resultat

    def _reste(self, session: Session, dossier: Dossier) -> Dossier:
        """Le même dossier, après l'exécution : ses lignes sont figées, seul le reste se relit."""
        faites = select(Preuve.rang).where(Preuve.plan_id == dossier.plan.id, Preuve.nature == "bilan")
        reports = session.scalars(select(ReportConservation).order_by(ReportConservation.id))
        return replace(dossier, faites=frozenset(session.scalars(faites)), reports=tuple(reports))

    def _en_vain(self, session: Session, plan_id: UUID) -> bool:
        """Tout était annoncé, rien n'a été trouvé : ce n'est pas un succès."""
        bilans = (Preuve.plan_id == plan_id, Preuve.nature == "bilan")
        trouvees = func.sum(Preuve.nombre + Preuve.gelees)
        return session.scalar(select(trouvees).where(*bilans)) == 0

    def _ouvrir(self, plan_id: UUID) -> Dossier:
        """Dossier d'un plan dont l'approbation vaut encore ; elle tombe ici si quelque chose a changé."""
        with self.base.academie(_MOTIF) as session:
            dossier = ouvrir(session, self.horloge, plan_id)
            motif = ""
            if dossier.etat in EN_ATTENTE:
                motif = perimer(session, self.horloge, self.regles, dossier)
                if not motif and dossier.etat is EtatPlan.APPROUVE:
                    decider(session, self.horloge, dossier.plan, "execution")
        refaire = "établir un nouveau plan, le relire, puis l'approuver."
        if motif:
            raise OperationRefusee(f"l'approbation tombe : {motif}.", remede=refaire, lieu=f"plan {plan_id}")
        if dossier.etat not in (*EN_ATTENTE, EtatPlan.EXECUTE):
            raise OperationRefusee(
                f"ce plan est {dossier.etat.value} : il ne s'exécute pas.",
                remede=refaire,
                lieu=f"plan {plan_id}",
            )
        return dossier

    def _annees(
        self,
        dossier: Dossier,
        permises: list[LigneConservation],
        resultat: Execution,
        avancer: Callable[[str], None],
    ) -> list[LigneConservation]:
        """Les années entières partent d'un coup ; rend ce qu'il reste à éliminer ligne à ligne."""
        if dossier.plan.uai is not None:
            return permises
        parties: set[int] = set()
        for famille in familles(self.regles, dossier.lignes, {ligne.rang for ligne in permises}):
            annees = [Annee(tuple(self._atelier(dossier, li) for li in siennes)) for siennes in famille]
            if self._purgees_par_leur_brique(annees):
                continue
            duree = detacher(self.base, annees, _MOTIF, lambda session: _continuer(session, dossier.plan.id))
            if duree is None:
                continue
            for annee in annees:
                resultat.eliminees += annee.nombre
                resultat.lots += 1
                parties |= {atelier.ligne.rang for atelier in annee.ateliers}
                avancer(annee.regle.table.name)
            resultat.lot_le_plus_long = max(resultat.lot_le_plus_long, duree)
        return [ligne for ligne in permises if ligne.rang not in parties]

    def _purgees_par_leur_brique(self, annees: Sequence[Annee]) -> bool:
        """Une brique qui a sa purge passe d'abord : elle seule sait ce qu'elle garde hors de la base."""
        with self.base.academie(_MOTIF) as session:
            for ateliers in (annee.ateliers for annee in annees):
                ligne, jour = ateliers[0].ligne, limite(session, ateliers[:1])
                essai = self.purger(session, ligne.brique, ligne.traitement, ligne.uai or "", jour, True)
                if essai is not None:
                    return True
        return False

    def _ligne(
        self, dossier: Dossier, ligne: LigneConservation, resultat: Execution, avancer: Callable[[str], None]
    ) -> None:
        atelier = self._atelier(dossier, ligne)
        with self.base.academie(_MOTIF) as session:
            faites = self._deja(session, ligne)
            vivante = self._vivante(session, atelier)
        # Une ligne qui entre dans l'archive se lit, se scelle et s'écrit : elle coûte dix fois plus.
        taille = min(self.taille, _PREMIER_ARCHIVE if atelier.regle.deplace else _PREMIER)
        for attendre in (False, True):
            apres = None
            while not vivante and faites < ligne.echues:
                debut = time.perf_counter()
                with self.base.academie(_MOTIF) as session:
                    _continuer(session, ligne.plan_id)
                    lot = eliminer(
                        session, atelier, apres=apres, taille=min(taille, ligne.echues - faites),
                        attendre=attendre,
                    )  # fmt: skip
                duree = time.perf_counter() - debut
                if lot.dernier is None:
                    break
                apres, faites = lot.dernier, faites + lot.nombre
                resultat.eliminees += lot.nombre
                resultat.lots += 1
                resultat.lot_le_plus_long = max(resultat.lot_le_plus_long, duree)
                taille = _ajuster(lot.nombre, duree, self.taille)
                avancer(ligne.objet)
        self._bilan(atelier, faites, resultat, vivante=vivante)

    def _bilan(self, atelier: Atelier, faites: int, resultat: Execution, *, vivante: bool) -> None:
        """Recompte, et clôt la ligne ; un écart se dit et arrête tout."""
        ligne = atelier.ligne
        with self.base.academie(_MOTIF) as session:
            echues, libres = compter_echues(session, atelier)
            if vivante:
                libres = 0
            suspendues = echues - libres
            depuis = max(0, suspendues - ligne.gelees - ligne.actives - ligne.retenues)
            disparues = ligne.echues - faites - depuis
            if disparues < 0 or (libres and faites < ligne.echues):
                ecart = (
                    f"ligne {ligne.rang} ({ligne.objet}) : {ligne.echues} annoncées, {faites} éliminées,"
                    f" {depuis} suspendues depuis, {libres} encore là"
                )
                decider(session, self.horloge, self._plan(session, ligne), "ecart", motif=ecart)
            else:
                ecart = ""
                atelier.prouver(
                    session, "bilan", faites, prevues=ligne.echues, gelees=depuis, disparues=disparues,
                    echeance_min=ligne.echeance_min, echeance_max=ligne.echeance_max,
                )  # fmt: skip
        if ecart:
            raise _en_ecart(ligne.plan_id, ecart)
        resultat.suspendues += depuis
        resultat.disparues += disparues

    def _briques(
        self, dossier: Dossier, permises: list[LigneConservation], resultat: Execution
    ) -> list[LigneConservation]:
        """Les briques qui ont leur propre purge passent d'abord ; le noyau recompte ce qu'elles ont fait."""
        restantes = []
        for ligne in permises:
            pareilles = [li for li in permises if (li.traitement, li.uai) == (ligne.traitement, ligne.uai)]
            if ligne is not pareilles[0]:
                continue
            ateliers = [self._atelier(dossier, li) for li in pareilles]
            with self.base.academie(_MOTIF) as session:
                _continuer(session, ligne.plan_id)
                refus = purger_brique(session, ateliers, self.purger)
            if refus:
                resultat.attente |= {li.rang: refus for li in pareilles}
            else:
                restantes += pareilles
        return sorted(restantes, key=lambda li: li.rang)

    def _atelier(self, dossier: Dossier, ligne: LigneConservation) -> Atelier:
        regle = self.regles.de(ligne.objet)
        assert regle is not None  # noqa: S101 - les règles sont celles du plan, l'empreinte le tient
        plan = dossier.plan
        return Atelier(
            self.horloge, self.regles, regle, ligne, plan.jour, plan.repere, plan.empreinte, self.cle
        )

    def _deja(self, session: Session, ligne: LigneConservation) -> int:
        """Ce que la chaîne dit déjà fait : une exécution coupée reprend de là."""
        enonce = select(func.coalesce(func.sum(Preuve.nombre), 0)).where(
            Preuve.plan_id == ligne.plan_id, Preuve.rang == ligne.rang, Preuve.nature != "bilan"
        )
        return int(session.scalar(enonce) or 0)

    def _vivante(self, session: Session, atelier: Atelier) -> bool:
        """Quelque chose, depuis le plan, est daté d'après la fin de l'année."""
        ligne = atelier.ligne
        if (
            atelier.regle.depart is not Depart.FIN_ANNEE_SCOLAIRE
            or ligne.uai is None
            or ligne.periode is None
        ):
            return False
        annee = session.get(AnneeScolaire, (ligne.uai, ligne.periode))
        dernier = activites(session, atelier.regle, ligne.uai, ligne.periode).get((ligne.uai, ligne.periode))
        return annee is not None and dernier is not None and dernier >= annee.fin

    def _plan(self, session: Session, ligne: LigneConservation) -> PlanConservation:
        return session.get_one(PlanConservation, ligne.plan_id)

    @contextmanager
    def _seul(self) -> Iterator[None]:
        """Une seule exécution à la fois ; la fin du processus, même brutale, rend le verrou."""
        with connecter(self.base.moteur) as connexion:
            pris = connexion.execute(select(func.pg_try_advisory_lock(_VERROU))).scalar()
            connexion.commit()
            if not pris:
                raise OperationRefusee(
                    "une autre exécution est en cours.", remede="attendre sa fin, puis relancer."
                )
            try:
                yield
            finally:
                connexion.execute(select(func.pg_advisory_unlock(_VERROU)))
                connexion.commit()

    def _ecrire_tete(self) -> None:
        with self.base.academie("conservation : tête de la chaîne") as session:
            derniere = tete(session)
        ecrites = self.tetes.lire()
        if derniere is not None and (not ecrites or ecrites[-1] != derniere):
            self.tetes.ecrire(derniere)


def _continuer(session: Session, plan_id: UUID) -> None:
    """Une annulation, même en cours de route, arrête au lot suivant."""
    d = DecisionConservation
    if session.scalar(select(d.id).where(d.plan_id == plan_id, d.nature == "annulation").limit(1)):
        raise OperationRefusee(
            "ce plan vient d'être annulé : l'exécution s'arrête.",
            remede="établir un nouveau plan, au besoin.",
            lieu=f"plan {plan_id}",
        )


def _interrompue(panne: BaseIndisponible, plan_id: UUID) -> OperationRefusee | None:
    """Ce que la base a refusé au milieu d'un lot, en clair ; ``None`` si elle ne répond plus."""
    cause = panne.__cause__
    origine = cause.orig if isinstance(cause, DBAPIError) else None
    if isinstance(origine, DiskFull):
        message, remede = "le disque de la base est plein", "libérer de la place"
    elif isinstance(origine, QueryCanceled):
        message, remede = "la base a interrompu un lot trop long", "voir « statement_timeout » et sa charge"
    else:
        return None
    return OperationRefusee(
        f"{message} : le lot en cours est défait ; ce qui est éliminé l'est, et sa preuve est dans la base.",
        remede=f"{remede}, puis relancer : l'exécution reprend où elle en était.",
        lieu=f"plan {plan_id}",
    )


def _en_ecart(plan_id: UUID, ecart: str) -> OperationRefusee:
    return OperationRefusee(
        f"le compte n'y est pas : {ecart}.",
        remede="chercher ce qui a changé ces lignes, puis établir un nouveau plan.",
        lieu=f"plan {plan_id}",
    )


def _ajuster(nombre: int, duree: float, plafond: int) -> int:
    """Taille du lot suivant : un quart de seconde, et au plus le double de celui-ci.

    Une machine qui peine soudain, des lignes qui en emportent davantage, restent ainsi sous la seconde.
    """
    return min(plafond, max(_MINIMUM, min(2 * nombre, int(nombre * _VISEE / max(duree, 0.001)))))

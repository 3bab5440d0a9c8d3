"""La conservation, à horloge arrêtée : la veille, le jour, le lendemain ; les gels, les règles, la preuve.

L'échéance attendue vient des fonctions du calendrier ; celle qui agit est calculée par la base. Elles n'ont
en commun que la déclaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.decouverte import charger
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.contrat.donnees import Visa
from ent_core.donnees.declencheurs_sql import TRACES
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.canaris import Semeur
from ent_core.essais.contrat.departs import LOIN, a_midi, dater, tout_dater
from ent_core.essais.contrat.socle import Commun
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.gels import Gels, NatureGel, poser
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.plan import lignes, planifier
from ent_core.vie_privee.conservation.preuve import verifier
from ent_core.vie_privee.conservation.regles import Regle, Regles
from ent_core.vie_privee.conservation.situation import Situation, compter

__all__ = ["Conservation"]

_DEPARTS = (date(2026, 10, 31), date(2028, 2, 29))
"""Une fin de mois, que le mois court borne ; un jour qui n'existe qu'une année sur quatre."""

_ATTAQUES = {
    "coupée": (
        "delete from conservation_preuve where numero = (select max(numero) from conservation_preuve)",
    ),
    "vidée": (
        "alter table conservation_preuve alter empreinte drop not null",
        "update conservation_preuve set empreinte = repeat(' ', 64) where numero = 1",
    ),
    "récrite": ("update conservation_preuve set nombre = nombre + 1 where numero = 1",),
    "réordonnée": (
        "update conservation_preuve set numero = 1001 where numero = 1",
        "update conservation_preuve set numero = 1 where numero = 2",
        "update conservation_preuve set numero = 2 where numero = 1001",
    ),
}
_SANS_OBJET = "rien ne s'y élimine sans le visa des archives"


class Conservation(Commun):
    """Échéances, gels, changements de règle, exécution, chaîne des preuves."""

    @pytest.mark.exigence("RGPD-DUR-01")
    @pytest.mark.parametrize("depart", _DEPARTS, ids=str)
    def test_une_ligne_part_a_son_terme_ni_avant_ni_apres(self, banc: Banc, depart: date) -> None:
        for regle in _datables(banc):
            with banc.puis_revenir():
                attendue = dater(banc, regle, depart)
                for ecart, due in ((-1, False), (0, True), (1, True)):
                    jour = attendue + timedelta(days=ecart)
                    dit = f"{regle.table.name} : échéance du {attendue}, vue le {jour}"
                    assert bool(_etats(banc, regle, jour).get("echues")) is due, dit

    def test_sans_date_une_ligne_n_est_jamais_echue(self, banc: Banc) -> None:
        for regle in _datables(banc):
            with banc.puis_revenir():
                dater(banc, regle, None)
                assert _etats(banc, regle, LOIN).get("echues", 0) == 0, regle.table.name

    @pytest.mark.exigence("RGPD-DUR-04")
    def test_une_personne_gelee_garde_ses_lignes(self, banc: Banc) -> None:
        for regle in _datables(banc):
            with banc.puis_revenir():
                jour = dater(banc, regle, _DEPARTS[0])
                geles = frozenset((banc.annuaire["eleve"], banc.annuaire["camarade"]))
                etats = _etats(banc, regle, jour, Gels({regle.traitement.cle: geles}))
                assert etats.get("echues", 0) == 0, regle.table.name
                assert etats.get("gelees", 0) > 0, regle.table.name

    @pytest.mark.exigence("RGPD-DUR-03")
    def test_un_plan_approuve_elimine_tout_ce_qui_est_du_et_le_prouve(self, banc: Banc) -> None:
        seme = tout_dater(banc, _DEPARTS[0])
        _executer(banc)
        base, partent = banc.toute_la_base(), _eliminees(banc)
        restent = [c.lieu for c in seme.canaris if c.lieu.split(".")[0] in partent and c.valeur in base]
        assert restent == []
        with banc.base.academie("essai : chaîne") as session:
            assert verifier(session, banc.tetes.lire()) == []
        with banc.base.academie("essai : second plan") as session:
            encore = lignes(session, planifier(session, banc.horloge, banc.regles).id)
        # L'élimination laisse ses propres traces, datées de l'heure de la base, et non de l'essai.
        semees = {place.table.name for place in banc.places} - set(TRACES)
        assert [li.objet for li in encore if li.echues and li.objet in partent & semees] == []

    def test_une_regle_changee_fait_tomber_l_approbation(self, banc: Banc) -> None:
        seme = tout_dater(banc, _DEPARTS[0])
        plan, avant = _plan_exige(banc), _presents(banc, seme)
        with pytest.raises(OperationRefusee, match="approbation tombe"):
            _executeur(banc, _allongees(banc.regles)).executer(plan.id)
        assert _presents(banc, seme) == avant

    @pytest.mark.exigence("RGPD-DUR-04")
    def test_un_gel_pose_apres_l_approbation_arrete_tout(self, banc: Banc) -> None:
        seme = tout_dater(banc, _DEPARTS[0])
        plan, avant = _plan_exige(banc), _presents(banc, seme)
        with banc.base.academie("essai : gel") as session:
            poser(
                session, banc.horloge, banc.annuaire["eleve"], nature=NatureGel.LITIGE, motif="dossier 12",
                revoir_le=banc.horloge.aujourd_hui() + timedelta(days=90),
            )  # fmt: skip
        with pytest.raises(OperationRefusee, match="approbation tombe"):
            _executeur(banc, banc.regles).executer(plan.id)
        assert _presents(banc, seme) == avant

    def test_une_preuve_falsifiee_se_voit(self, banc: Banc) -> None:
        tout_dater(banc, _DEPARTS[0])
        _executer(banc)
        banc.executer("alter table conservation_preuve disable row level security")
        for attaque, ordres in _ATTAQUES.items():
            with banc.puis_revenir():
                for ordre in ordres:
                    banc.executer(ordre)
                with banc.base.academie("essai : chaîne falsifiée") as session:
                    assert verifier(session, banc.tetes.lire()) != [], attaque

    def test_fermee_ses_durees_courent_encore(self, banc: Banc) -> None:
        banc.fermer_la_brique()
        for regle in _datables(banc):
            with banc.puis_revenir():
                jour = dater(banc, regle, _DEPARTS[0])
                assert _etats(banc, regle, jour).get("echues"), regle.table.name

    def test_otee_ses_regles_demeurent(self, banc: Banc) -> None:
        """Le noyau relit de la base ce qu'elle déclarait : mêmes règles, jusqu'à l'empreinte d'un plan."""
        with banc.base.academie("essai : brique ôtée") as session:
            enregistrer_vues(session, banc.horloge, banc.chargement)
            relues = regles_completes(session, charger([]))
        assert [regle.resume() for regle in relues.toutes] == [regle.resume() for regle in banc.regles.toutes]

    def test_retiree_ses_durees_courent_encore(self, banc: Banc) -> None:
        if banc.brique == "noyau":
            pytest.skip("le noyau ne se retire pas")
        with banc.base.academie("essai : brique retirée") as session:
            enregistrer_vues(session, banc.horloge, banc.chargement)  # ce que chaque démarrage note d'elle
            regles = regles_completes(session, charger([]))
        for regle in _datables(banc):
            with banc.puis_revenir():
                jour = dater(banc, regle, _DEPARTS[0])
                relue = regles.de(regle.table.name)
                assert relue is not None, f"{regle.table.name} : plus rien ne la purge"
                assert _etats(banc, relue, jour, regles=regles).get("echues"), regle.table.name


def _datables(banc: Banc) -> Iterator[Regle]:
    """Règles qui datent elles-mêmes les lignes que l'on sème ; une ligne suivie part avec sa parente."""
    banc.vider()
    banc.semer()
    semees = {place.table.name for place in banc.places}
    for regle in banc.siennes:
        if regle.defaut is None and not regle.suivie and regle.table.name in semees:
            yield regle


def _etats(
    banc: Banc, regle: Regle, jour: date, gels: Gels | None = None, *, regles: Regles | None = None
) -> dict[str, int]:
    """État → nombre de lignes, tel que le plan de ce jour les compterait."""
    situation = Situation(regles or banc.regles, jour, gels or Gels({}))
    etats: dict[str, int] = {}
    with banc.base.academie("essai : compter") as session:
        for _, _, etat, nombre, _, _ in session.execute(compter(situation, regle)):
            etats[etat] = etats.get(etat, 0) + nombre
    return etats


def _eliminees(banc: Banc) -> set[str]:
    """Tables que le moteur élimine sans attendre de visa."""
    return {
        regle.table.name
        for regle in banc.siennes
        if regle.defaut is None and not isinstance(regle.traitement.conservation.autorite, Visa)
    }


def _plan_approuve(banc: Banc) -> PlanConservation | None:
    """Plan approuvé par deux personnes, préavis passé ; ``None`` si rien n'y est à éliminer."""
    if banc.horloge.aujourd_hui() < LOIN:
        banc.horloge.instant = a_midi(LOIN)
    eliminees = _eliminees(banc)
    with banc.base.academie("essai : plan") as session:
        plan = planifier(session, banc.horloge, banc.regles)
        if not any(ligne.echues and ligne.objet in eliminees for ligne in lignes(session, plan.id)):
            return None
        for _ in range(2):
            approuver(session, banc.horloge, banc.regles, plan.id, couvre=plan.empreinte, par=uuid4())
    preavis = max(regle.traitement.conservation.preavis for regle in banc.regles.toutes)
    banc.horloge.avancer(timedelta(days=preavis + 1))
    return plan


def _plan_exige(banc: Banc) -> PlanConservation:
    plan = _plan_approuve(banc)
    if plan is None:
        pytest.skip(_SANS_OBJET)
    return plan


def _executer(banc: Banc) -> None:
    _executeur(banc, banc.regles).executer(_plan_exige(banc).id)


def _executeur(banc: Banc, regles: Regles) -> Executeur:
    return Executeur(banc.base, banc.horloge, regles, b"cle d'essai", banc.tetes)


def _presents(banc: Banc, seme: Semeur) -> set[str]:
    """Canaris que la base contient, en clair ou dans un binaire."""
    base = banc.toute_la_base()
    return {c.lieu for c in seme.canaris if c.valeur in base or c.valeur.encode().hex() in base}


def _allongees(regles: Regles) -> Regles:
    """Les mêmes règles, chacune un mois plus longue."""
    return replace(
        regles,
        toutes=tuple(
            replace(
                regle,
                traitement=replace(
                    regle.traitement,
                    conservation=replace(
                        regle.traitement.conservation, duree=replace(regle.duree, mois=regle.duree.mois + 1)
                    ),
                ),
            )
            for regle in regles.toutes
        ),
    )

/* L'appel au clavier, enregistré à chaque constat. Sans ce fichier, la feuille est un formulaire qui marche.
   Sans réseau, ce qui est noté attend sur l'appareil (ni nom ni prénom), puis repart, et la page le dit. */
(() => {
  "use strict";
  const form = document.querySelector("form.appel");
  if (!form) return;
  const d = form.dataset, lignes = [...form.querySelectorAll(".appel-eleve")];
  const parEleve = new Map(lignes.map((l) => [l.dataset.eleve, l]));
  const dit = document.getElementById("appel-etat"), compte = document.getElementById("appel-compte");
  const defaire = document.getElementById("appel-defaire"), finir = form.querySelector(".appel-finir");
  const debut = Date.parse(d.debut), fin = Date.parse(d.fin), ecart = Date.parse(d.maintenant) - Date.now();
  const AUTRES = { depart: "Parti", ailleurs: "Ailleurs", exclu_accueilli: "Exclu" };
  const TOUCHES = { a: "absent", r: "retard", p: "present", d: "depart", e: "ailleurs", x: "exclu_accueilli" };
  const maintenant = () => new Date(Date.now() + ecart);
  const paris = new Intl.DateTimeFormat("fr-FR", { hour: "numeric", minute: "2-digit", timeZone: "Europe/Paris" });
  const heure = (quand) => {
    const p = Object.fromEntries(paris.formatToParts(new Date(quand)).map((x) => [x.type, x.value]));
    return `${Number(p.hour)}\u202fh\u202f${p.minute}`;
  };
  const champ = (ligne, nom) => form.elements[`${nom}-${ligne.dataset.eleve}`];
  const egaux = (a, b) => a.etat === b.etat && a.minutes === b.minutes && a.ailleurs === b.ailleurs;
  const eleves = (n) => `${n} élève${n > 1 ? "s" : ""}`;

  /* Ce que la feuille montre. */
  const lire = (ligne) => {
    const etat = champ(ligne, "etat").value;
    return {
      etat,
      minutes: etat === "retard" || etat === "depart" ? Number(champ(ligne, "minutes").value) || null : null,
      ailleurs: etat === "ailleurs" ? champ(ligne, "ailleurs").value : null,
    };
  };
  const montrer = (ligne, c) => {
    champ(ligne, "etat").value = c.etat;
    champ(ligne, "minutes").value = c.minutes ?? "";
    if (c.ailleurs) champ(ligne, "ailleurs").value = c.ailleurs;
    ligne.querySelector(".appel-autre-nom").textContent = AUTRES[c.etat] ?? "Autre";
    montres.set(ligne.dataset.eleve, c);
  };
  const montres = new Map(lignes.map((l) => [l.dataset.eleve, lire(l)]));
  const compter = () => {
    const n = { present: 0, absent: 0, retard: 0, depart: 0, ailleurs: 0, exclu_accueilli: 0 };
    montres.forEach((c) => { n[c.etat] += 1; });
    const la = n.present + n.retard + n.depart, hors = n.ailleurs + n.exclu_accueilli;
    const textes = [`${la} présent${la > 1 ? "s" : ""}`];
    if (n.absent) textes.push(`${n.absent} absent${n.absent > 1 ? "s" : ""}`);
    if (n.retard) textes.push(`${n.retard} en retard`);
    if (hors) textes.push(`${hors} ailleurs`);
    compte.replaceChildren(...textes.map((t) => Object.assign(document.createElement("span"), { textContent: t })));
  };
  const dire = (texte, classe = "") => {
    dit.className = `appel-etat ${classe}`;
    if (dit.textContent !== texte) dit.textContent = texte;
  };
  const foyer = (ligne) => {
    const choisi = ligne.querySelector("input[type=radio]:checked"), replie = choisi.closest("details:not([open])");
    (replie ? replie.firstElementChild : choisi).focus();
  };
  const manquees = (etat) => {
    const t = maintenant().getTime();
    if (!(debut < t && t < fin)) return null;
    return Math.max(1, Math.floor((etat === "retard" ? t - debut : fin - t) / 60000));
  };

  /* Ce qui attend d'être enregistré : en mémoire, et sur l'appareil si l'envoi échoue. */
  const attente = new Map(), passe = [];
  let termine = false, enCours = false, retarde = false, arrete = false, essais = 0, minuterie = 0, depuis = null;
  const cle = `${d.moi}/${d.seance}`;
  const base = new Promise((rendre) => {
    const demande = indexedDB.open("ent-appel", 1);
    demande.onupgradeneeded = () => demande.result.createObjectStore("attente", { keyPath: "cle" });
    demande.onsuccess = () => rendre(demande.result);
    demande.onerror = () => rendre(null);
  }).catch(() => null);
  const ranger = async (mode, acte) => {
    const ouverte = await base;
    if (!ouverte) return null;
    return new Promise((rendre) => {
      // Gardé quand la transaction est close, non quand la demande a réussi : une page qui se ferme entre les deux perd tout.
      const transaction = ouverte.transaction("attente", mode), demande = acte(transaction.objectStore("attente"));
      transaction.oncomplete = () => rendre(demande.result);
      transaction.onabort = () => rendre(null);
    });
  };
  const garder = () => ranger("readwrite", (m) => (attente.size || termine
    ? m.put({ cle, moi: d.moi, envoi: d.envoi, changements: [...attente], termine, depuis })
    : m.delete(cle)));

  const noter = (ligne, c, retenir = true) => {
    const eleve = ligne.dataset.eleve, avant = montres.get(eleve);
    if (egaux(avant, c)) return;
    if (retenir) passe.push([eleve, avant]);
    defaire.disabled = !passe.length;
    montrer(ligne, c);
    delete ligne.dataset.prevu;
    delete ligne.dataset.conflit;
    attente.set(eleve, { ...c, vu: attente.get(eleve)?.vu ?? (champ(ligne, "vu").value || null) });
    depuis ??= maintenant().toISOString();
    compter();
    envoyer();
  };
  const annuler = () => {
    const dernier = passe.pop();
    if (!dernier) return;
    const ligne = parEleve.get(dernier[0]);
    noter(ligne, dernier[1], false);
    foyer(ligne);
  };

  /* Envoyer, un lot à la fois ; ce qui se note pendant l'envoi part au suivant. */
  const poster = (envoi, corps) => fetch(envoi, {
    method: "PUT", keepalive: true, credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    body: JSON.stringify(corps),
  });
  const corps = (changements, fini, tard, quand) => ({
    changements: changements.map(([eleve_id, c]) => ({ eleve_id, ...c })), termine: fini,
    ...(tard ? { canal: "hors_ligne", saisi_le: quand } : {}),
  });
  const attendre = async (cause) => {
    retarde = true;
    clearTimeout(minuterie);
    minuterie = setTimeout(envoyer, Math.min(30000, 2000 * 2 ** Math.min(essais++, 4)));
    const garde = await garder();
    if (!retarde) return;
    const suite = garde === null ? "Laissez cette page ouverte" : "Rien n'est perdu";
    dire(`${cause}${attente.size ? ` : ${eleves(attente.size)}` : ""}. ${suite}.`, "en-attente");
  };
  const refuser = (texte) => {
    arrete = true;
    dire(texte, "refuse");
  };
  async function envoyer() {
    if (enCours || arrete || !(attente.size || termine)) return;
    enCours = true;
    const lot = new Map(attente), fini = termine;
    if (!retarde) dire("Enregistrement…");
    let reponse = null;
    try {
      reponse = await poster(d.envoi, corps([...lot], fini, retarde, depuis));
    } catch { /* pas de réseau */ }
    enCours = false;
    if (!reponse) return attendre("En attente de réseau");
    if (reponse.status >= 500) return attendre("Le service ne répond pas, nouvel essai bientôt");
    if (reponse.status === 401 || reponse.status === 400) {
      await garder();
      return refuser("Votre session est finie. Votre saisie est gardée ici : rechargez la page pour l'enregistrer.");
    }
    if (!reponse.ok) {
      const raison = await reponse.json().catch(() => ({}));
      await ranger("readwrite", (m) => m.delete(cle));
      return refuser(`Non enregistré : ${raison.detail ?? `code ${reponse.status}`}`);
    }
    recevoir(await reponse.json(), lot, fini);
    envoyer();
  }
  const recevoir = (recu, lot, fini) => {
    lot.forEach((c, eleve) => { if (attente.get(eleve) === c) attente.delete(eleve); });
    const conflits = new Set(recu.conflits);
    recu.constats.forEach(({ eleve_id, fait_id, par, le, ...c }) => {
      const ligne = parEleve.get(eleve_id);
      if (!ligne) return;
      champ(ligne, "vu").value = fait_id ?? "";
      if (attente.has(eleve_id)) { attente.get(eleve_id).vu = fait_id; return; }
      if (!egaux(montres.get(eleve_id), c)) montrer(ligne, c);
      delete ligne.dataset.prevu;
      const auteur = ligne.querySelector(".appel-par"), perdu = conflits.has(eleve_id);
      auteur.hidden = !par;
      auteur.textContent = par ? `${perdu ? "Votre choix n'est pas enregistré : noté" : "Noté"} par ${par}${le ? ` à ${heure(le)}` : ""}` : "";
      if (perdu) ligne.dataset.conflit = "";
    });
    retarde = false;
    essais = 0;
    if (fini) termine = false;
    if (!attente.size) depuis = null;
    garder();
    compter();
    const quand = heure(maintenant());
    if (conflits.size) dire(`Enregistré à ${quand}, sauf ${eleves(conflits.size)} qu'une autre personne a noté en même temps.`, "en-attente");
    else dire(recu.termine ? `Appel fait, enregistré à ${quand}` : `Enregistré à ${quand}`);
    if (recu.termine) {
      if (document.activeElement === finir) { dit.tabIndex = -1; dit.focus(); }
      form.classList.add("appel-termine");
    }
  };

  /* Agir : au doigt, au clavier, ou par le bouton. */
  form.addEventListener("change", (e) => {
    const ligne = e.target.closest(".appel-eleve");
    if (!ligne) return;
    const c = lire(ligne), avant = montres.get(ligne.dataset.eleve);
    if (c.etat !== avant.etat && (c.etat === "retard" || c.etat === "depart")) c.minutes = manquees(c.etat);
    noter(ligne, c);
  });
  form.addEventListener("click", (e) => {
    const panneau = e.detail > 0 && e.target.matches(".panneau input") && e.target.closest("details");
    if (panneau) { panneau.open = false; panneau.firstElementChild.focus(); }
  });
  form.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const ligne = e.target.closest(".appel-eleve"), saisie = e.target.matches("select,[type=number]");
    if (saisie) {
      if (e.key === "Enter") { e.preventDefault(); foyer(ligne); }
      return;
    }
    const touche = e.key.toLowerCase(), dansPanneau = e.target.closest(".panneau");
    const rang = lignes.indexOf(ligne);
    const vers = { arrowdown: rang + 1, arrowup: rang - 1, home: 0, end: lignes.length - 1 }[touche];
    if (ligne && vers !== undefined && !dansPanneau) {
      e.preventDefault();
      if (lignes[vers]) foyer(lignes[vers]);
    } else if (touche === "z") {
      e.preventDefault();
      annuler();
    } else if (ligne && TOUCHES[touche]) {
      e.preventDefault();
      const etat = TOUCHES[touche], avant = montres.get(ligne.dataset.eleve), lieux = champ(ligne, "ailleurs");
      // « E » de nouveau : le lieu suivant.
      if (etat === "ailleurs" && avant.etat === "ailleurs") lieux.selectedIndex = (lieux.selectedIndex + 1) % lieux.length;
      const temps = etat === "retard" || etat === "depart";
      const minutes = !temps ? null : avant.etat === etat ? avant.minutes : manquees(etat);
      noter(ligne, { etat, minutes, ailleurs: etat === "ailleurs" ? lieux.value : null });
      foyer(ligne);
    } else if (ligne && e.key === "Enter" && e.target.matches("[type=radio],details:has(:checked) > summary")) {
      // Sur « Autre » pas encore choisi, Entrée ouvre le menu, comme partout.
      e.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    // Une absence attendue et laissée telle quelle est confirmée par qui termine l'appel.
    lignes.filter((l) => "prevu" in l.dataset).forEach((l) => {
      const c = montres.get(l.dataset.eleve);
      if (c.etat !== "present") attente.set(l.dataset.eleve, { ...c, vu: null });
    });
    termine = true;
    depuis ??= maintenant().toISOString();
    envoyer();
  });
  defaire.addEventListener("click", annuler);
  addEventListener("online", () => { essais = 0; clearTimeout(minuterie); envoyer(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) envoyer(); });
  addEventListener("beforeunload", (e) => { if ((attente.size || termine) && !retarde) garder(); });

  /* Reprendre ce que l'appareil a gardé, pour cette personne seule. */
  (async () => {
    const gardes = (await ranger("readonly", (m) => m.getAll())) ?? [], limite = maintenant() - 7 * 86400000;
    for (const garde of gardes) {
      if (Date.parse(garde.depuis) < limite) await ranger("readwrite", (m) => m.delete(garde.cle));
      else if (garde.cle === cle) {
        garde.changements.forEach(([eleve, c]) => {
          const ligne = parEleve.get(eleve);
          if (!ligne || attente.has(eleve)) return;
          const { vu, ...constat } = c;
          montrer(ligne, constat);
          attente.set(eleve, { ...constat, vu });
        });
        termine ||= garde.termine;
        depuis = garde.depuis;
        retarde = true;
        compter();
        dire("Enregistrement…");
        envoyer();
      } else if (garde.moi === d.moi) {
        const reponse = await poster(garde.envoi, corps(garde.changements, garde.termine, true, garde.depuis)).catch(() => null);
        if (!reponse || reponse.status >= 500 || reponse.status === 401) continue;
        await ranger("readwrite", (m) => m.delete(garde.cle));
        const recu = reponse.ok ? await reponse.json() : { conflits: [1] };
        dire(recu.conflits.length ? "Un appel gardé sur cet appareil n'a pas pu être enregistré en entier : vérifiez les appels de la journée." : "Un appel gardé sur cet appareil vient d'être enregistré.", recu.conflits.length ? "refuse" : "");
      }
    }
  })();
  if (matchMedia("(pointer:fine)").matches && lignes.length) {
    lignes[0].querySelector("input[type=radio]:checked").focus({ preventScroll: true });
  }
})();

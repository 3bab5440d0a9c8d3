// Un fournisseur d'identité SAML écrit par d'autres (npm samlp), avec un seul service et une seule personne.
// Réglages : un objet JSON en premier argument (hote, port, entite, cle, certificat, ent, certificat_ent,
// retour, sortie, sujet, attributs). « /sortir » y commence une déconnexion de son côté.
import { createServer } from 'node:http';
import samlp from 'samlp';
import participants from 'samlp/lib/sessionParticipants/index.js';

const r = JSON.parse(process.argv[2]);
const ici = `http://${r.hote}:${r.port}`;
const REDIRECTION = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const memoire = {}; // une seule personne : une seule session
let ouvertes = new participants([]);

const profil = () => ({
  getClaims: () => r.attributs,
  getNameIdentifier: () => ({
    nameIdentifier: r.sujet, nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  }),
});
const commun = { issuer: r.entite, cert: r.certificat, key: r.cle };
const entrer = samlp.auth({
  ...commun, signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256', lifetimeInSeconds: 120,
  destination: r.retour, recipient: r.retour, audience: r.ent, signingCert: r.certificat_ent,
  includeAttributeNameFormat: true, sessionIndex: '_session-1',
  getPostURL: (_audience, _dom, _req, suite) => suite(null, r.retour),
  getUserFromRequest: () => ({ id: r.sujet }), profileMapper: profil,
});
const sortir = () => samlp.logout({
  ...commun, signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256', deflate: true,
  protocolBinding: REDIRECTION, destination: r.sortie, sessionParticipants: ouvertes,
});

createServer((req, res) => {
  const adresse = new URL(req.url, ici);
  Object.assign(req, { query: Object.fromEntries(adresse.searchParams), body: {}, session: memoire });
  req.originalUrl = req.url;
  res.set = (nom, valeur) => res.setHeader(nom, valeur);
  res.send = (dit) => { if (typeof dit === 'number') { res.statusCode = dit; dit = 'fini'; } res.end(dit); };
  res.redirect = (vers) => { res.writeHead(302, { Location: vers }); res.end(); };
  const echouer = (erreur) => { res.statusCode = 400; res.end(String(erreur)); };
  if (adresse.pathname === '/entrer') {
    ouvertes = new participants([{
      serviceProviderId: r.ent, nameId: r.sujet, sessionIndex: '_session-1', binding: REDIRECTION,
      nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      serviceProviderLogoutURL: r.sortie, cert: r.certificat_ent,
    }]);
    entrer(req, res, echouer);
  } else if (adresse.pathname === '/sortir') {
    sortir()(req, res, echouer);
  } else { res.statusCode = 404; res.end(); }
}).listen(r.port, r.hote, () => console.log('prêt'));

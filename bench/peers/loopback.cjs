// Portkey's server listens on every interface and has no option for it: loaded first, this keeps it at home.
//     node --require loopback.cjs start-server.js
'use strict';
const { Server } = require('node:net');

const listen = Server.prototype.listen;

Server.prototype.listen = function (where, ...rest) {
  const known = where !== null && typeof where === 'object';
  const asked = known ? where : { port: Number(where) };
  const told = rest.filter((word) => typeof word === 'function');
  return listen.call(this, { ...asked, host: '127.0.0.1' }, ...told);
};

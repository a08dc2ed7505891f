// Calls to the resident door. Every refusal becomes a Trouble with plain words.
var DOOR = '/api/miniprogram/v1';

function Trouble(kind, status, problem, wait) {
  this.kind = kind; // offline: nobody knows what became of it; refused: the server said no
  this.status = status;
  this.problem = problem || {};
  this.wait = wait || 0;
}
Trouble.prototype.words = function () {
  if (this.kind === 'offline') return '现在没有网络。';
  var errors = (this.problem.errors || []).map(function (error) { return error.message; });
  var detail = errors.length ? errors.join(';') : this.problem.detail;
  var title = this.problem.title || '系统出了点问题';
  return title + '。' + (detail && detail !== title ? detail : '');
};

function troubleBox(trouble, again) {
  var urgent = trouble.status === 429 || trouble.status >= 500 || trouble.kind === 'offline';
  return el('div', { class: 'trouble card', role: 'alert' }, el('p', {}, trouble.words()),
    again && button('再试一次', null, again, 'quiet'), urgent && hotlineLink());
}

// options: body (JSON), form (FormData), key (Idempotency-Key), token (another session), guest (open a session if need be),
// steady (a dead session is told, not replaced)
async function call(method, path, options) {
  options = options || {};
  var token = options.token || recall('token');
  if (!token && options.guest) token = await openSession();
  var headers = {};
  if (token) headers.Authorization = 'Bearer ' + token;
  if (options.key) headers['Idempotency-Key'] = options.key;
  if (options.body) headers['Content-Type'] = 'application/json';
  var answer, data;
  try {
    answer = await fetch(DOOR + path, { method: method, headers: headers, cache: 'no-store',
      body: options.form || (options.body ? JSON.stringify(options.body) : undefined) });
    // A hotel's or village network's own sign-in page answers too: only our header makes it an answer.
    if (!answer.headers.get('X-Huying-Api')) throw new Error('not ours');
    data = answer.status === 204 ? null : await answer.json();
  } catch (error) { throw new Trouble('offline', 0); }
  if (answer.ok) return data;
  if (answer.status === 401 && !options.token) {
    forget('token');
    if (options.guest && !options.steady) {
      return call(method, path, Object.assign({}, options, { steady: true }));
    }
  }
  throw new Trouble('refused', answer.status, data, Number(answer.headers.get('Retry-After')));
}

async function openSession() {
  var opened = await call('POST', '/sessions/guest', { body: {} });
  remember('token', opened.token);
  return opened.token;
}

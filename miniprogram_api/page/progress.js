// Progress: what this phone has filed, or one appeal by its number and query code.
var open = null; // the appeal on show: {id, token}

function stateOf(status) { return facts.states[status] || { name: status, hint: '' }; }

function chip(status) {
  var waiting = ['need_info', 'not_accepted', 'rework'].indexOf(status) >= 0;
  var done = ['answered', 'closed'].indexOf(status) >= 0;
  return el('span', { class: 'chip' + (done ? ' done' : waiting ? ' heed' : '') }, icon(done ? 'yes' : waiting ? 'alert' : 'more'), stateOf(status).name);
}

async function showMine(place, rateable) {
  if (!recall('token')) return fill(place, emptyList(rateable));
  fill(place, el('p', { class: 'busy', role: 'status' }, '正在查……'));
  try {
    var items = (await call('GET', '/appeals?limit=50')).items;
    if (rateable) items = items.filter(mayRate);
    fill(place, items.length ? el('ul', { class: 'list' }, items.map(row)) : emptyList(rateable),
      items.length && !rateable && button('清掉这部手机上的记录', 'lock', leave, 'quiet'));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    fill(place, trouble.status === 401 ? emptyList(rateable) : troubleBox(trouble, function () { showMine(place, rateable); }));
  }
}

// A phone is often shared: whoever holds it next must not read what was said on it.
async function leave() {
  if (!confirm('清掉以后，这部手机看不到您说过的事，只能用编号和查询码查。事情照样办。要清掉吗？')) return;
  try { await call('DELETE', '/sessions/current'); } catch (trouble) { if (!(trouble instanceof Trouble)) throw trouble; }
  draft.files.forEach(function (file) { forget('file:' + file.uid); });
  ['token', 'receipt', 'draft'].forEach(forget);
  draft = newDraft();
  form.reset();
  showFiles();
  showPosition();
  reflect();
  show();
  announce('已清掉。');
}

function emptyList(rateable) {
  return el('div', { class: 'card empty' }, icon(rateable ? 'smile' : 'chat'),
    el('p', {}, rateable ? '现在没有等您评价的事。收到答复以后，就可以评价。' : '这部手机还没有说过事。'),
    rateable && el('a', { class: 'button quiet', href: '#progress' }, '用编号查'));
}

function mayRate(appeal) {
  return appeal.can ? appeal.can.indexOf('rate') >= 0 : ['answered', 'closed'].indexOf(appeal.status) >= 0;
}

function row(appeal) {
  return el('li', {}, el('a', { class: 'card row', href: '#one/' + appeal.id },
    el('b', {}, appeal.title.slice(0, 30)), chip(appeal.status),
    el('span', { class: 'soft' }, day(appeal.received_at) + ' · ' + facts.kinds[appeal.kind])));
}

function prepareLookup() {
  $('lookup').addEventListener('submit', async function (event) {
    event.preventDefault();
    var pair = { number: $('number').value.trim().toUpperCase(), query_code: $('query-code').value.trim().toUpperCase() };
    $('lookup-trouble').textContent = '';
    if (!pair.number || !pair.query_code) {
      $('lookup-trouble').textContent = '编号和查询码都要填。';
      $(pair.number ? 'query-code' : 'number').focus();
      return;
    }
    try {
      var found = await call('POST', '/appeal-lookups', { body: pair });
      open = { id: found.appeal.id, token: found.token };
      go('one/' + found.appeal.id);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      $('lookup-trouble').textContent = trouble.status === 404
        ? '没有找到。请对一对编号和查询码，一个字也不能错。忘了就打 ' + facts.hotline + '。' : trouble.words();
    }
  });
}

async function showOne(id) {
  if (!open || open.id !== id) open = { id: id, token: null };
  var place = $('one-body');
  fill(place, el('p', { class: 'busy', role: 'status' }, '正在查……'));
  try {
    var appeal = await call('GET', '/appeals/' + encodeURIComponent(id), open.token ? { token: open.token } : {});
    fill(place, summary(appeal), due(appeal), (appeal.replies || []).map(reply), pictures(appeal, 'unit'), actions(appeal), timeline(appeal));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (trouble.status === 401 || trouble.status === 404) {
      return fill(place, el('div', { class: 'card' }, el('p', {}, '请用编号和查询码再查一次。'), el('a', { class: 'button', href: '#progress' }, '去查')));
    }
    fill(place, troubleBox(trouble, function () { showOne(id); }));
  }
}

function summary(appeal) {
  return el('div', { class: 'card' }, el('p', { class: 'soft' }, (facts.kinds[appeal.kind] || '') + ' · ' + appeal.number), chip(appeal.status),
    el('p', { class: 'lead' }, stateOf(appeal.status).hint), appeal.content && el('p', { class: 'said' }, appeal.content), pictures(appeal, 'appellant'));
}

function due(appeal) {
  var deadline = appeal.deadline;
  if (!deadline || !deadline.due_at) return null;
  return el('div', { class: 'card' }, el('p', { class: 'soft' }, deadline.name), el('h3', {}, day(deadline.due_at) + '前'), counting(deadline));
}

function reply(answer) {
  return el('article', { class: 'card reply' }, el('h3', {}, '答复'), el('p', { class: 'said' }, answer.text),
    el('p', { class: 'soft' }, [answer.unit_name, answer.at && day(answer.at)].filter(Boolean).join(' · ')));
}

// A photo needs the session's token, so it cannot be a plain address in an <img>.
function pictures(appeal, from) {
  var token = open.token || recall('token');
  var photos = (appeal.attachments || []).filter(function (file) { return file.from === from && file.thumbnail_url; });
  return photos.length > 0 && el('div', { class: 'photos' }, photos.map(function (file) {
    var image = el('img', { alt: from === 'unit' ? '办理后的照片' : '我拍的照片' });
    fetch(file.thumbnail_url, { headers: { Authorization: 'Bearer ' + token } })
      .then(function (answer) { if (answer.ok) return answer.blob(); })
      .then(function (blob) { if (blob) image.src = URL.createObjectURL(blob); }, function () { /* no network: the words are enough */ });
    return el('figure', {}, image);
  }));
}

function timeline(appeal) {
  if (!(appeal.timeline || []).length) return null;
  return el('div', { class: 'card' }, el('h3', {}, '经过'), el('ol', { class: 'timeline' }, appeal.timeline.slice().reverse().map(function (step) {
    return el('li', {}, el('span', { class: 'soft' }, moment(step.at)), el('b', {}, step.text || step.event), step.unit && (step.text || '').indexOf(step.unit) < 0 && el('span', {}, step.unit));
  })));
}

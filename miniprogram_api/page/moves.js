// What the author may do with an appeal: rate it, add to it, urge, object, withdraw.
function actions(appeal) {
  var can = appeal.can || [], place = el('div', { class: 'card moves' }), desk = el('div', {});
  var may = facts.moves.filter(function (move) { return move.can.some(function (name) { return can.indexOf(name) >= 0; }); });
  if (!may.length && !mayRate(appeal)) return null;
  place.append(el('h3', {}, '您可以'));
  if (mayRate(appeal)) place.append(button('评一评', 'smile', function () { fill(desk, ratingForm(appeal)); focusFirst(desk); }));
  may.forEach(function (move) {
    place.append(button(move.name, null, function () { fill(desk, moveForm(appeal, move)); focusFirst(desk); }, 'quiet'));
  });
  place.append(desk);
  return place;
}

function focusFirst(place) {
  place.querySelector('h4').focus();
  place.scrollIntoView({ block: 'nearest' });
}

// One key for one sheet: a second touch, or a touch after the network broke, is the same request.
function sheet(title, key, ready, path, done) {
  var trouble = el('p', { class: 'trouble', role: 'alert' }), send = el('button', { class: 'button', type: 'submit' }, '确定');
  var made = el('form', { class: 'sheet', novalidate: true }, el('h4', { tabindex: '-1' }, title));
  made.addEventListener('submit', async function (event) {
    event.preventDefault();
    var body = ready(trouble);
    if (!body) return;
    send.disabled = true;
    try {
      var answer = await call('POST', '/appeals/' + open.id + '/' + path, { body: body, key: key, token: open.token });
      await showOne(open.id);
      var words = answer.next_step || done;
      announce(words);
      $('one-body').prepend(el('p', { class: 'card good' }, icon('yes'), words));
      window.scrollTo(0, 0);
    } catch (problem) {
      if (!(problem instanceof Trouble)) throw problem;
      trouble.textContent = problem.words() + (problem.kind === 'offline' ? '有网络时请再点一次，不会重复。' : '');
      if (problem.kind !== 'offline' && problem.status < 500) key = uid();
      send.disabled = false;
    }
  });
  made.finish = function () { made.append(trouble, send); return made; };
  return made;
}

function moveForm(appeal, move) {
  var words = el('textarea', { id: 'move-words', rows: 4, maxlength: 1000 });
  var made = sheet(move.name, uid(), function (trouble) {
    var body = {}, said = words.value.trim();
    if (move.needed && !said) { trouble.textContent = '请写几个字。'; words.focus(); return null; }
    if (said) body[move.field] = said;
    return body;
  }, move.path, move.done);
  made.append(el('label', { for: 'move-words' }, move.ask), words);
  return made.finish();
}

function pick(name, legend, options, symbols) {
  var order = Object.keys(options);
  if (symbols) order.reverse();
  return el('fieldset', { class: symbols ? 'faces' : 'picks' }, el('legend', {}, legend), el('div', {}, order.map(function (value) {
    return el('label', { class: 'tile' }, el('input', { type: 'radio', name: name, value: value }),
      el('span', {}, symbols && icon('face-' + value), el('b', {}, options[value])));
  })));
}

function ratingForm(appeal) {
  var words = el('textarea', { id: 'rate-words', rows: 3, maxlength: 1000 });
  var asked = { process: '办的过程', result: '办的结果', solved: '问题解决没有', staff: '工作人员积极不积极' };
  var made = sheet('评一评', uid(), function (trouble) {
    var body = {};
    for (var name in asked) {
      var found = made.querySelector('input[name="' + name + '"]:checked');
      if (!found) {
        trouble.textContent = '还差一项：' + asked[name] + '？';
        made.querySelector('input[name="' + name + '"]').focus();
        return null;
      }
      body[name] = name === 'process' || name === 'result' ? Number(found.value) : found.value;
    }
    if (words.value.trim()) body.comment = words.value.trim();
    return body;
  }, 'ratings', '谢谢您的评价。');
  made.append(el('p', { class: 'soft' }, '您怎么想就怎么评，说实话就好。'),
    pick('process', asked.process + '您满意吗？', facts.faces, true), pick('result', asked.result + '您满意吗？', facts.faces, true),
    pick('solved', asked.solved + '？', facts.solved), pick('staff', asked.staff + '？', facts.staff),
    el('label', { for: 'rate-words' }, '还想说什么？（可以不写）'), words);
  return made.finish();
}

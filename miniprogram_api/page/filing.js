// The form and its draft: whatever is written stays on the phone until it has arrived.
var FIELDS = ['content', 'name', 'phone', 'urgent_reason'];
var CHOICES = ['kind', 'topic', 'identity'];
var form = $('say-form');
var draft = recall('draft') || newDraft();

function newDraft() { return { key: uid(), fields: {}, files: [], place: null }; }
function keepDraft() { remember('draft', draft); }

function chosen(name) {
  var found = form.querySelector('input[name="' + name + '"]:checked');
  return found ? found.value : '';
}

function takeDown() {
  FIELDS.forEach(function (name) { draft.fields[name] = form.elements[name].value; });
  CHOICES.forEach(function (name) { draft.fields[name] = chosen(name); });
  keepDraft();
}

function putBack() {
  FIELDS.forEach(function (name) { if (name in draft.fields) form.elements[name].value = draft.fields[name]; });
  CHOICES.forEach(function (name) {
    if (!(name in draft.fields)) return;
    form.querySelectorAll('input[name="' + name + '"]').forEach(function (input) { input.checked = input.value === draft.fields[name]; });
  });
}

function bodyOf() {
  var fields = draft.fields, body = { kind: fields.kind || 'help', plate_code: facts.code };
  ['content', 'topic', 'identity', 'urgent_reason'].forEach(function (name) {
    if (fields[name] && fields[name].trim()) body[name] = fields[name];
  });
  if (draft.place) body.location = draft.place;
  if (fields.identity !== 'anonymous' && (fields.name || fields.phone)) body.contact = { name: fields.name, phone: fields.phone };
  return body;
}

function showTrouble(words) {
  $('say-trouble').textContent = words;
  if (words) { $('say-trouble').focus(); $('say-trouble').scrollIntoView({ block: 'center' }); }
}

function reflect() {
  var topic = form.querySelector('input[name="topic"]:checked');
  $('contact').hidden = chosen('identity') === 'anonymous';
  $('topic-said').textContent = topic ? '已选：' + topic.getAttribute('data-name') : '可以不选';
}

// The finer topics are asked for only when somebody has chosen a coarse one; without network the coarse one is enough.
var topics = null;
async function offerNarrower(value) {
  var place = $('narrower');
  fill(place);
  try { topics = topics || (await call('GET', '/topics')).items; } catch (trouble) { return; }
  var top = topics.filter(function (topic) { return value.indexOf(topic.code) === 0; })[0];
  if (!top || !(top.children || []).length) return;
  fill(place, el('fieldset', {}, el('legend', {}, '再具体一点'), el('div', { class: 'tiles plain' }, top.children.map(function (topic) {
    var input = el('input', { type: 'radio', name: 'topic', value: topic.code, 'data-name': topic.name });
    input.checked = topic.code === value;
    return el('label', { class: 'tile' }, input, el('span', {}, el('b', {}, topic.plain || topic.name)));
  }))));
}

function prepareForm() {
  putBack();
  showFiles();
  showPosition();
  reflect();
  if (draft.fields.topic && draft.fields.topic.length > 2) offerNarrower(draft.fields.topic).then(reflect);
  form.addEventListener('input', takeDown);
  form.addEventListener('change', function (event) {
    takeDown();
    reflect();
    if (event.target.name === 'topic' && event.target.value.length === 2) offerNarrower(event.target.value);
  });
  $('photo').onchange = function (event) { addPhotos(Array.prototype.slice.call(event.target.files)); };
  form.addEventListener('submit', function (event) {
    event.preventDefault();
    stopVoice();
    takeDown();
    if (!(draft.fields.content || '').trim() && !draft.files.some(function (file) { return file.kind === 'audio'; })) {
      showTrouble('请说一下您要反映的事情：写几个字，或者录一段话，都可以。');
      return;
    }
    showTrouble('');
    remember('pending', { key: draft.key, body: bodyOf(), files: draft.files, unsure: false });
    go('sending');
    send();
  });
}

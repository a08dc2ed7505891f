// Sending: files first, then the appeal, always the same content under the same key, so that trying again never files twice.
var sending = false, retry = null;

async function send() {
  var pending = recall('pending');
  if (!pending || sending) return;
  sending = true;
  clearTimeout(retry);
  try {
    showSending('正在提交，请稍等……');
    var ids = await sendFiles(pending);
    var body = Object.assign({}, pending.body, ids.length ? { attachment_ids: ids } : {});
    showSending('正在提交，请稍等……');
    var receipt = await sendAppeal(pending, body);
    pending.files.forEach(function (file) { forget('file:' + file.uid); });
    forget('pending');
    draft = newDraft();
    keepDraft();
    form.reset();
    fill($('narrower'));
    remember('receipt', receipt);
    go('receipt');
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    explainTrouble(trouble);
  } finally { sending = false; }
}

async function sendFiles(pending) {
  var ids = [];
  for (var i = 0; i < pending.files.length; i++) {
    var file = pending.files[i];
    if (!file.id) {
      showSending('正在上传第 ' + (i + 1) + ' 个文件，共 ' + pending.files.length + ' 个……');
      var blob = blobOf(recall('file:' + file.uid)), data = new FormData();
      data.append('file', blob, (file.kind === 'image' ? 'photo.' : 'voice.') + blob.type.split('/')[1]);
      file.id = (await call('POST', '/attachments', { form: data, key: file.uid, guest: true })).id;
      remember('pending', pending);
    }
    ids.push(file.id);
  }
  return ids;
}

async function sendAppeal(pending, body) {
  var unsure = pending.unsure;
  if (!recall('token')) await openSession();
  pending.unsure = true;
  remember('pending', pending);
  try {
    return await call('POST', '/appeals', { body: body, key: pending.key, guest: true, steady: true });
  } catch (trouble) {
    if (trouble.kind === 'refused' && trouble.status < 500 && trouble.status !== 409 && !unsure) {
      pending.unsure = false; // the server has said no: nothing was filed
      remember('pending', pending);
    }
    throw trouble;
  }
}

function explainTrouble(trouble) {
  var pending = recall('pending');
  if (trouble.status === 401 && pending.unsure) {
    return showSending('登录过期了，不能确定上一次有没有交上。请打热线问一问，我们帮您查。', [hotlineLink(), button('重新提交', null, sendAnew, 'quiet')]);
  }
  if (trouble.status === 401) return sendAnew();
  if (trouble.kind === 'offline') {
    retry = setTimeout(send, 20000);
    return showSending('现在没有网络。您说的事已经存在这部手机里，有了网络会自动提交，不会重复。', [button('现在再试', null, send), hotlineLink()]);
  }
  if (trouble.status === 409 || trouble.status === 429 || trouble.status >= 500) {
    retry = setTimeout(send, 1000 * Math.max(trouble.wait, 3));
    return showSending(trouble.words() + ' 已经存在这部手机里，稍后会自动再试，不会重复。', [button('现在再试', null, send), hotlineLink()]);
  }
  forget('pending'); // refused for its content: back to the form, which still holds everything
  draft.files = pending.files.map(function (file) { return { uid: file.uid, kind: file.kind }; });
  keepDraft();
  go('say');
  showTrouble(trouble.words());
}

// A new session cannot use what the old one uploaded: upload again under new numbers.
function sendAnew() {
  var pending = recall('pending');
  pending.unsure = false;
  pending.files.forEach(function (file) {
    var name = uid();
    remember('file:' + name, recall('file:' + file.uid));
    forget('file:' + file.uid);
    file.uid = name;
    delete file.id;
  });
  draft.files = pending.files;
  keepDraft();
  remember('pending', pending);
  sending = false;
  return send();
}

function showSending(words, more) {
  fill($('sending-body'), el('p', { class: more ? '' : 'busy' }, words), more);
  announce(words);
}

function showReceipt() {
  var receipt = recall('receipt');
  if (!receipt) return go('home');
  fill($('receipt-body'),
    el('div', { class: 'ticket card' }, el('p', {}, '编号', el('b', {}, receipt.number)),
      el('p', {}, '查询码', el('b', { class: 'code' }, receipt.query_code)),
      el('p', { class: 'strong' }, '请拍照或截图保存。别人没有查询码，看不到您的事。')),
    el('div', { class: 'card' }, el('h3', {}, day(receipt.deadline.due_at) + '前', el('br'), '告诉您是否受理'), counting(receipt.deadline),
      receipt.provisional && el('p', { class: 'soft' }, '预计 ' + day(receipt.provisional.due_at) + '前办好（受理时确定）。')),
    el('div', { class: 'pair' }, button('存成图片', 'camera', saveTicket, 'quiet'), button('打印', null, function () { window.print(); }, 'quiet')),
    button('记下了', 'yes', function () { forget('receipt'); go('progress'); }), hotlineLink());
}

function saveTicket() {
  var receipt = recall('receipt'), canvas = el('canvas'), pen = canvas.getContext('2d');
  canvas.width = 900;
  canvas.height = 620;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, 900, 620);
  pen.fillStyle = '#0b5558';
  pen.fillRect(0, 0, 900, 16);
  [['42px', '编号', 100], ['bold 52px', receipt.number, 175], ['42px', '查询码', 285], ['bold 92px', receipt.query_code, 395],
    ['38px', day(receipt.deadline.due_at) + '前告诉您是否受理', 490], ['38px', '热线 ' + facts.hotline, 560]].forEach(function (line) {
    pen.font = line[0] + ' sans-serif';
    pen.fillText(line[1], 60, line[2]);
  });
  el('a', { href: canvas.toDataURL('image/png'), download: '呼应-' + receipt.number + '.png' }).click();
}

// Uploads one file with tus-js-client as it is published; resumes where the server says when it is given the address.
// Prints the address as soon as it is known, then each offset that the server acknowledged.
const fs = require('fs')
const tus = require('tus-js-client')

const [file, options] = [process.argv[2], JSON.parse(process.argv[3])]
const size = fs.statSync(file).size
const upload = new tus.Upload(fs.createReadStream(file), {
  ...options,
  uploadSize: size,
  retryDelays: Array(40).fill(0),
  onShouldRetry: () => true,
  onUploadUrlAvailable: () => console.log(`at ${upload.url}`),
  onChunkComplete: (_, accepted) => console.log(`accepted ${accepted}`),
  onSuccess: () => process.exit(0),
  onError: (error) => { console.error(String(error)); process.exit(1) },
})
upload.start()

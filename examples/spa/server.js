// Serves the page: node server.js out/spa/config.json http://127.0.0.1:8000 [PORT]
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [configFile, api, port = '3000'] = process.argv.slice(2);
const here = (path) => readFileSync(new URL(path, import.meta.url));
const config = JSON.stringify({ ...JSON.parse(readFileSync(configFile, 'utf8')), api });

const files = {
  '/': ['text/html; charset=utf-8', () => here('index.html')],
  '/app.js': ['text/javascript', () => here('app.js')],
  '/msal-browser.min.js': ['text/javascript', () => here('node_modules/@azure/msal-browser/lib/msal-browser.min.js')],
  '/config.json': ['application/json', () => config],
};

const server = createServer((request, response) => {
  const file = files[request.url.split('?')[0]];
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': file[0], 'Referrer-Policy': 'no-referrer' }).end(file[1]());
});
server.listen(Number(port), '127.0.0.1', () => console.log(`open http://localhost:${server.address().port}/`));

// TinyGo, with names and DWARF.
import { packages } from "../packages.mjs";

const { parse, print } = packages("sh-syntax");
const text = "for i in 1 2 3;do\nif [ $i -eq 2 ];then echo \"two $((i+1))\" ;fi\ndone | sort>out # c\n";
console.log(await print(text, { originalText: text }));
console.log(JSON.stringify(await parse(text)).length);
await print("if then", { originalText: "if then" }).catch((error) => console.log(String(error.message ?? error)));

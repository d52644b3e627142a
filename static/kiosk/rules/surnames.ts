/** Frequent surnames with their pinyin, the most frequent first: enough to be addressed, without a Chinese keyboard. */
const SURNAMES: Record<string, string> = {
  wang: "王汪", li: "李黎", zhang: "张章", liu: "刘柳", chen: "陈谌", yang: "杨阳", huang: "黄", zhao: "赵",
  wu: "吴武伍邬", zhou: "周", xu: "徐许", sun: "孙", ma: "马麻", zhu: "朱祝", hu: "胡", guo: "郭", he: "何贺",
  lin: "林蔺", gao: "高", luo: "罗骆", zheng: "郑", liang: "梁", xie: "谢解", song: "宋", tang: "唐汤",
  deng: "邓", han: "韩", feng: "冯", cao: "曹", peng: "彭", zeng: "曾", xiao: "肖萧", tian: "田", dong: "董",
  pan: "潘", yuan: "袁", cai: "蔡", jiang: "蒋江姜", yu: "余于俞喻郁", du: "杜", ye: "叶", cheng: "程成",
  wei: "魏韦卫", su: "苏", lv: "吕", lu: "卢陆鲁", ding: "丁", ren: "任", yao: "姚", shen: "沈", cui: "崔",
  zhong: "钟仲", tan: "谭谈", fan: "范樊", liao: "廖", shi: "石史施时", jin: "金靳", jia: "贾", xia: "夏",
  fu: "付傅符", fang: "方房", zou: "邹", xiong: "熊", bai: "白柏", meng: "孟", qin: "秦覃", qiu: "邱丘裘",
  hou: "侯", yin: "尹殷", xue: "薛", yan: "闫严颜阎晏", duan: "段", lei: "雷", long: "龙", tao: "陶", mao: "毛茅",
  hao: "郝", gu: "顾古谷", gong: "龚宫", shao: "邵", wan: "万", qian: "钱", dai: "戴代", mo: "莫", kong: "孔",
  xiang: "向项", chang: "常", kang: "康", ni: "倪", shan: "单", ge: "葛", niu: "牛", pu: "浦蒲", ji: "季纪姬",
  qi: "齐戚祁", lai: "赖", ling: "凌", huo: "霍", zhuang: "庄", zhan: "詹", ou: "欧", ouyang: "欧阳", zhuge: "诸葛",
};
const DOUBLE = new Set(["ouyang", "zhuge"]);
const MOST = 16;

/** Surnames whose pinyin begins like what was typed; the most frequent ones for nothing typed. */
export function surnamesFor(typed: string): string[] {
  const found: string[] = [];
  for (const [pinyin, names] of Object.entries(SURNAMES)) {
    if (!pinyin.startsWith(typed)) continue;
    if (DOUBLE.has(pinyin)) found.push(names);
    else if (typed === "") found.push(names.charAt(0));
    else found.push(...names);
    if (found.length >= MOST) break;
  }
  return found.slice(0, MOST);
}

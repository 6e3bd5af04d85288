//! Countries an address may be in: ISO 3166-1 codes, with the short names of the Unicode CLDR in both languages.

use crate::pages::Language;

#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// Two letters, upper case.
    pub code: &'static str,
    english: &'static str,
    chinese: &'static str,
}

impl Country {
    pub fn from_code(code: &str) -> Option<&'static Country> {
        let at = COUNTRIES.binary_search_by_key(&code, |country| country.code).ok()?;
        COUNTRIES.get(at)
    }

    pub fn name(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }

    /// Those with the given codes, or all if there are none; by their names where those have an alphabet.
    pub fn allowed(codes: &[String], language: Language) -> Vec<&'static Country> {
        let mut countries: Vec<_> = match codes {
            [] => COUNTRIES.iter().collect(),
            _ => codes.iter().filter_map(|code| Country::from_code(code)).collect(),
        };
        countries.sort_by_cached_key(|country| match language {
            Language::English => country.english.replacen('Å', "A", 1),
            Language::Chinese => country.code.into(),
        });
        countries.dedup();
        countries
    }

    pub fn has_postcodes(&self) -> bool {
        !WITHOUT_POSTCODES.contains(&self.code)
    }
}

/// Where letters find their way without.
const WITHOUT_POSTCODES: [&str; 56] = [
    "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM",
    "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "KI", "KM", "KP", "LY", "ML",
    "MO", "MR", "MW", "NR", "NU", "QA", "RW", "SB", "SC", "SL", "SR", "ST", "SX", "SY", "TD", "TF", "TG",
    "TK", "TO", "TV", "UG", "VU",
];

const fn of(code: &'static str, english: &'static str, chinese: &'static str) -> Country {
    Country { code, english, chinese }
}

/// By code.
static COUNTRIES: [Country; 249] = [
    of("AD", "Andorra", "安道尔"),
    of("AE", "United Arab Emirates", "阿拉伯联合酋长国"),
    of("AF", "Afghanistan", "阿富汗"),
    of("AG", "Antigua & Barbuda", "安提瓜和巴布达"),
    of("AI", "Anguilla", "安圭拉"),
    of("AL", "Albania", "阿尔巴尼亚"),
    of("AM", "Armenia", "亚美尼亚"),
    of("AO", "Angola", "安哥拉"),
    of("AQ", "Antarctica", "南极洲"),
    of("AR", "Argentina", "阿根廷"),
    of("AS", "American Samoa", "美属萨摩亚"),
    of("AT", "Austria", "奥地利"),
    of("AU", "Australia", "澳大利亚"),
    of("AW", "Aruba", "阿鲁巴"),
    of("AX", "Åland Islands", "奥兰群岛"),
    of("AZ", "Azerbaijan", "阿塞拜疆"),
    of("BA", "Bosnia & Herzegovina", "波斯尼亚和黑塞哥维那"),
    of("BB", "Barbados", "巴巴多斯"),
    of("BD", "Bangladesh", "孟加拉国"),
    of("BE", "Belgium", "比利时"),
    of("BF", "Burkina Faso", "布基纳法索"),
    of("BG", "Bulgaria", "保加利亚"),
    of("BH", "Bahrain", "巴林"),
    of("BI", "Burundi", "布隆迪"),
    of("BJ", "Benin", "贝宁"),
    of("BL", "St. Barthélemy", "圣巴泰勒米"),
    of("BM", "Bermuda", "百慕大"),
    of("BN", "Brunei", "文莱"),
    of("BO", "Bolivia", "玻利维亚"),
    of("BQ", "Caribbean Netherlands", "荷属加勒比区"),
    of("BR", "Brazil", "巴西"),
    of("BS", "Bahamas", "巴哈马"),
    of("BT", "Bhutan", "不丹"),
    of("BV", "Bouvet Island", "布韦岛"),
    of("BW", "Botswana", "博茨瓦纳"),
    of("BY", "Belarus", "白俄罗斯"),
    of("BZ", "Belize", "伯利兹"),
    of("CA", "Canada", "加拿大"),
    of("CC", "Cocos (Keeling) Islands", "科科斯（基林）群岛"),
    of("CD", "Congo - Kinshasa", "刚果（金）"),
    of("CF", "Central African Republic", "中非共和国"),
    of("CG", "Congo - Brazzaville", "刚果（布）"),
    of("CH", "Switzerland", "瑞士"),
    of("CI", "Côte d’Ivoire", "科特迪瓦"),
    of("CK", "Cook Islands", "库克群岛"),
    of("CL", "Chile", "智利"),
    of("CM", "Cameroon", "喀麦隆"),
    of("CN", "China", "中国"),
    of("CO", "Colombia", "哥伦比亚"),
    of("CR", "Costa Rica", "哥斯达黎加"),
    of("CU", "Cuba", "古巴"),
    of("CV", "Cape Verde", "佛得角"),
    of("CW", "Curaçao", "库拉索"),
    of("CX", "Christmas Island", "圣诞岛"),
    of("CY", "Cyprus", "塞浦路斯"),
    of("CZ", "Czechia", "捷克"),
    of("DE", "Germany", "德国"),
    of("DJ", "Djibouti", "吉布提"),
    of("DK", "Denmark", "丹麦"),
    of("DM", "Dominica", "多米尼克"),
    of("DO", "Dominican Republic", "多米尼加共和国"),
    of("DZ", "Algeria", "阿尔及利亚"),
    of("EC", "Ecuador", "厄瓜多尔"),
    of("EE", "Estonia", "爱沙尼亚"),
    of("EG", "Egypt", "埃及"),
    of("EH", "Western Sahara", "西撒哈拉"),
    of("ER", "Eritrea", "厄立特里亚"),
    of("ES", "Spain", "西班牙"),
    of("ET", "Ethiopia", "埃塞俄比亚"),
    of("FI", "Finland", "芬兰"),
    of("FJ", "Fiji", "斐济"),
    of("FK", "Falkland Islands (Islas Malvinas)", "福克兰群岛（马尔维纳斯群岛）"),
    of("FM", "Micronesia", "密克罗尼西亚"),
    of("FO", "Faroe Islands", "法罗群岛"),
    of("FR", "France", "法国"),
    of("GA", "Gabon", "加蓬"),
    of("GB", "United Kingdom", "英国"),
    of("GD", "Grenada", "格林纳达"),
    of("GE", "Georgia", "格鲁吉亚"),
    of("GF", "French Guiana", "法属圭亚那"),
    of("GG", "Guernsey", "根西岛"),
    of("GH", "Ghana", "加纳"),
    of("GI", "Gibraltar", "直布罗陀"),
    of("GL", "Greenland", "格陵兰"),
    of("GM", "Gambia", "冈比亚"),
    of("GN", "Guinea", "几内亚"),
    of("GP", "Guadeloupe", "瓜德罗普"),
    of("GQ", "Equatorial Guinea", "赤道几内亚"),
    of("GR", "Greece", "希腊"),
    of("GS", "South Georgia & South Sandwich Islands", "南乔治亚和南桑威奇群岛"),
    of("GT", "Guatemala", "危地马拉"),
    of("GU", "Guam", "关岛"),
    of("GW", "Guinea-Bissau", "几内亚比绍"),
    of("GY", "Guyana", "圭亚那"),
    of("HK", "Hong Kong", "香港"),
    of("HM", "Heard & McDonald Islands", "赫德岛和麦克唐纳群岛"),
    of("HN", "Honduras", "洪都拉斯"),
    of("HR", "Croatia", "克罗地亚"),
    of("HT", "Haiti", "海地"),
    of("HU", "Hungary", "匈牙利"),
    of("ID", "Indonesia", "印度尼西亚"),
    of("IE", "Ireland", "爱尔兰"),
    of("IL", "Israel", "以色列"),
    of("IM", "Isle of Man", "马恩岛"),
    of("IN", "India", "印度"),
    of("IO", "British Indian Ocean Territory", "英属印度洋领地"),
    of("IQ", "Iraq", "伊拉克"),
    of("IR", "Iran", "伊朗"),
    of("IS", "Iceland", "冰岛"),
    of("IT", "Italy", "意大利"),
    of("JE", "Jersey", "泽西岛"),
    of("JM", "Jamaica", "牙买加"),
    of("JO", "Jordan", "约旦"),
    of("JP", "Japan", "日本"),
    of("KE", "Kenya", "肯尼亚"),
    of("KG", "Kyrgyzstan", "吉尔吉斯斯坦"),
    of("KH", "Cambodia", "柬埔寨"),
    of("KI", "Kiribati", "基里巴斯"),
    of("KM", "Comoros", "科摩罗"),
    of("KN", "St. Kitts & Nevis", "圣基茨和尼维斯"),
    of("KP", "North Korea", "朝鲜"),
    of("KR", "South Korea", "韩国"),
    of("KW", "Kuwait", "科威特"),
    of("KY", "Cayman Islands", "开曼群岛"),
    of("KZ", "Kazakhstan", "哈萨克斯坦"),
    of("LA", "Laos", "老挝"),
    of("LB", "Lebanon", "黎巴嫩"),
    of("LC", "St. Lucia", "圣卢西亚"),
    of("LI", "Liechtenstein", "列支敦士登"),
    of("LK", "Sri Lanka", "斯里兰卡"),
    of("LR", "Liberia", "利比里亚"),
    of("LS", "Lesotho", "莱索托"),
    of("LT", "Lithuania", "立陶宛"),
    of("LU", "Luxembourg", "卢森堡"),
    of("LV", "Latvia", "拉脱维亚"),
    of("LY", "Libya", "利比亚"),
    of("MA", "Morocco", "摩洛哥"),
    of("MC", "Monaco", "摩纳哥"),
    of("MD", "Moldova", "摩尔多瓦"),
    of("ME", "Montenegro", "黑山"),
    of("MF", "St. Martin", "法属圣马丁"),
    of("MG", "Madagascar", "马达加斯加"),
    of("MH", "Marshall Islands", "马绍尔群岛"),
    of("MK", "North Macedonia", "北马其顿"),
    of("ML", "Mali", "马里"),
    of("MM", "Myanmar (Burma)", "缅甸"),
    of("MN", "Mongolia", "蒙古"),
    of("MO", "Macao", "澳门"),
    of("MP", "Northern Mariana Islands", "北马里亚纳群岛"),
    of("MQ", "Martinique", "马提尼克"),
    of("MR", "Mauritania", "毛里塔尼亚"),
    of("MS", "Montserrat", "蒙特塞拉特"),
    of("MT", "Malta", "马耳他"),
    of("MU", "Mauritius", "毛里求斯"),
    of("MV", "Maldives", "马尔代夫"),
    of("MW", "Malawi", "马拉维"),
    of("MX", "Mexico", "墨西哥"),
    of("MY", "Malaysia", "马来西亚"),
    of("MZ", "Mozambique", "莫桑比克"),
    of("NA", "Namibia", "纳米比亚"),
    of("NC", "New Caledonia", "新喀里多尼亚"),
    of("NE", "Niger", "尼日尔"),
    of("NF", "Norfolk Island", "诺福克岛"),
    of("NG", "Nigeria", "尼日利亚"),
    of("NI", "Nicaragua", "尼加拉瓜"),
    of("NL", "Netherlands", "荷兰"),
    of("NO", "Norway", "挪威"),
    of("NP", "Nepal", "尼泊尔"),
    of("NR", "Nauru", "瑙鲁"),
    of("NU", "Niue", "纽埃"),
    of("NZ", "New Zealand", "新西兰"),
    of("OM", "Oman", "阿曼"),
    of("PA", "Panama", "巴拿马"),
    of("PE", "Peru", "秘鲁"),
    of("PF", "French Polynesia", "法属波利尼西亚"),
    of("PG", "Papua New Guinea", "巴布亚新几内亚"),
    of("PH", "Philippines", "菲律宾"),
    of("PK", "Pakistan", "巴基斯坦"),
    of("PL", "Poland", "波兰"),
    of("PM", "St. Pierre & Miquelon", "圣皮埃尔和密克隆群岛"),
    of("PN", "Pitcairn Islands", "皮特凯恩群岛"),
    of("PR", "Puerto Rico", "波多黎各"),
    of("PS", "Palestine", "巴勒斯坦"),
    of("PT", "Portugal", "葡萄牙"),
    of("PW", "Palau", "帕劳"),
    of("PY", "Paraguay", "巴拉圭"),
    of("QA", "Qatar", "卡塔尔"),
    of("RE", "Réunion", "留尼汪"),
    of("RO", "Romania", "罗马尼亚"),
    of("RS", "Serbia", "塞尔维亚"),
    of("RU", "Russia", "俄罗斯"),
    of("RW", "Rwanda", "卢旺达"),
    of("SA", "Saudi Arabia", "沙特阿拉伯"),
    of("SB", "Solomon Islands", "所罗门群岛"),
    of("SC", "Seychelles", "塞舌尔"),
    of("SD", "Sudan", "苏丹"),
    of("SE", "Sweden", "瑞典"),
    of("SG", "Singapore", "新加坡"),
    of("SH", "St. Helena", "圣赫勒拿"),
    of("SI", "Slovenia", "斯洛文尼亚"),
    of("SJ", "Svalbard & Jan Mayen", "斯瓦尔巴和扬马延"),
    of("SK", "Slovakia", "斯洛伐克"),
    of("SL", "Sierra Leone", "塞拉利昂"),
    of("SM", "San Marino", "圣马力诺"),
    of("SN", "Senegal", "塞内加尔"),
    of("SO", "Somalia", "索马里"),
    of("SR", "Suriname", "苏里南"),
    of("SS", "South Sudan", "南苏丹"),
    of("ST", "São Tomé & Príncipe", "圣多美和普林西比"),
    of("SV", "El Salvador", "萨尔瓦多"),
    of("SX", "Sint Maarten", "荷属圣马丁"),
    of("SY", "Syria", "叙利亚"),
    of("SZ", "Eswatini", "斯威士兰"),
    of("TC", "Turks & Caicos Islands", "特克斯和凯科斯群岛"),
    of("TD", "Chad", "乍得"),
    of("TF", "French Southern Territories", "法属南部领地"),
    of("TG", "Togo", "多哥"),
    of("TH", "Thailand", "泰国"),
    of("TJ", "Tajikistan", "塔吉克斯坦"),
    of("TK", "Tokelau", "托克劳"),
    of("TL", "Timor-Leste", "东帝汶"),
    of("TM", "Turkmenistan", "土库曼斯坦"),
    of("TN", "Tunisia", "突尼斯"),
    of("TO", "Tonga", "汤加"),
    of("TR", "Türkiye", "土耳其"),
    of("TT", "Trinidad & Tobago", "特立尼达和多巴哥"),
    of("TV", "Tuvalu", "图瓦卢"),
    of("TW", "Taiwan", "台湾"),
    of("TZ", "Tanzania", "坦桑尼亚"),
    of("UA", "Ukraine", "乌克兰"),
    of("UG", "Uganda", "乌干达"),
    of("UM", "U.S. Outlying Islands", "美国本土外小岛屿"),
    of("US", "United States", "美国"),
    of("UY", "Uruguay", "乌拉圭"),
    of("UZ", "Uzbekistan", "乌兹别克斯坦"),
    of("VA", "Vatican City", "梵蒂冈"),
    of("VC", "St. Vincent & Grenadines", "圣文森特和格林纳丁斯"),
    of("VE", "Venezuela", "委内瑞拉"),
    of("VG", "British Virgin Islands", "英属维尔京群岛"),
    of("VI", "U.S. Virgin Islands", "美属维尔京群岛"),
    of("VN", "Vietnam", "越南"),
    of("VU", "Vanuatu", "瓦努阿图"),
    of("WF", "Wallis & Futuna", "瓦利斯和富图纳"),
    of("WS", "Samoa", "萨摩亚"),
    of("YE", "Yemen", "也门"),
    of("YT", "Mayotte", "马约特"),
    of("ZA", "South Africa", "南非"),
    of("ZM", "Zambia", "赞比亚"),
    of("ZW", "Zimbabwe", "津巴布韦"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_their_code() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].code < pair[1].code), "sorted");
        assert!(COUNTRIES.iter().all(|one| Country::from_code(one.code) == Some(one)));
        let name = |code, language| Country::from_code(code).unwrap().name(language);
        assert_eq!((name("NZ", Language::English), name("CN", Language::Chinese)), ("New Zealand", "中国"));
        for bad in ["", "nz", "XX", "NZL", "ZZ"] {
            assert_eq!(Country::from_code(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_shop_may_allow_some() {
        let codes = |codes: &[&str], language| {
            let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
            Country::allowed(&codes, language).iter().map(|country| country.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&["US", "AX", "XX", "DE", "US"], Language::English), ["AX", "DE", "US"]);
        assert_eq!(codes(&["US", "CN"], Language::Chinese), ["CN", "US"]);
        assert_eq!(codes(&[], Language::English).len(), COUNTRIES.len());
        assert!(WITHOUT_POSTCODES.iter().all(|code| Country::from_code(code).is_some()));
        assert!(!Country::from_code("HK").unwrap().has_postcodes());
        assert!(Country::from_code("US").unwrap().has_postcodes());
    }
}

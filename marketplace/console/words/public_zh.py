"""Public pages in Chinese."""

PUBLIC_ZH: dict[str, str] = {
    "time_bank": "时间银行",
    "minutes": "分钟",
    "hours_minutes": "时:分",
    "total": "合计",
    "certificate": "志愿服务时间证书",
    "certificate_check": "查验",
    "certificate_code": "证书编号",
    "certificate_issuer": "开具单位",
    "certificate_period": "服务期间",
    "certificate_issued": "开具日期",
    "certificate_credits": "学分",
    "certificate_credits_of": "{credits}（每 {hours} 小时 1 学分）",
    "certificate_category": "服务类别",
    "certificate_hash": "PDF 文件的 SHA-256：与您手中文件的值一致即为原件。",
    "certificate_key": "签名密钥",
    "certificate_unknown": "没有此编号的证书，请与纸质证书核对。",
    "certificate_valid": "有效",
    "certificate_questioned": "存疑：其中部分时间后来被扣回，请向开具单位核实。",
    "certificate_revoked": "已撤销",
}
